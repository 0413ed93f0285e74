package observer

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/supervise"
)

//go:embed pages panels
var files embed.FS

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the embedded folder has that name
	}
	return sub
}

// Page is /observer. It needs the [Observer.Panels] to be shared. Its query says
// which node is looked at, whether a kill of it is to be confirmed, and over which
// time the processes are told.
func (o *Observer) Page() live.Page {
	return live.Page{Path: "/observer", Title: "Observer", Nav: "Observer", Key: "o", Files: folder("pages"), Data: o.data}
}

// Panels are the pieces of the page that are drawn once for all who look at it.
func (o *Observer) Panels() []live.SharedPanel {
	share := func(name, template string, data func() any) live.SharedPanel {
		return live.SharedPanel{Page: "/observer", Name: "observer/" + name, Panel: live.Panel{
			Files: folder("panels"), Template: template + "-panel", Data: func(*http.Request) any { return data() },
		}}
	}
	panels := []live.SharedPanel{
		share("notices", "notices", func() any { return o.notices() }),
		share("tree", "tree", func() any { return o.kin(o.cfg.Tree(), o.cfg.Facts()) }),
		share("goroutines", "goroutines", func() any { return o.crowd() }),
		share("runtime", "runtime", func() any { return o.figures() }),
		share("log", "log", func() any { return o.events.newest(mostEntries) }),
	}
	for _, w := range Windows {
		panels = append(panels, share("processes-"+w.Name, "processes", func() any { return o.table(w.Name) }))
	}
	return panels
}

// mostEntries, mostRows and mostGroups are how many the page shows.
const (
	mostEntries = 20
	mostRows    = 60
	mostGroups  = 12
)

// pageData is what the page shows beside its panels.
type pageData struct {
	Windows   []choice
	Window    string
	Node      *detail
	Missing   string // a node that is asked for and not there
	CPU       *CPUView
	Downloads []download
	Recording Recording
	Off       string
}

// RecordingSince is when the flight recorder was switched on.
func (d pageData) RecordingSince() time.Time { return *d.Recording.Since }

// choice is one of several views of the page.
type choice struct {
	Name, Label string
	Chosen      bool
}

func (o *Observer) data(r *http.Request) any {
	query := r.URL.Query()
	d := pageData{Window: query.Get("window"), CPU: o.cpuView(), Downloads: o.downloads(), Recording: o.recording(), Off: o.cfg.Off}
	over := cmp.Or(query.Get("over"), Windows[0].Name)
	if _, ok := windowSpan(over); !ok {
		over = Windows[0].Name
	}
	d.Window = over
	for _, w := range Windows {
		d.Windows = append(d.Windows, choice{w.Name, w.Label, w.Name == over})
	}
	if name := query.Get("node"); name != "" {
		if d.Node = o.detail(name, over, query.Get("confirm") == "kill"); d.Node == nil {
			d.Missing = name
		}
	}
	return d
}

// kin is a node with what is below it, as the tree shows it.
type kin struct {
	Name, Kind, Strategy, State, Colour string
	Doing                               string
	Queue                               string
	Restarts                            string
	Meter                               string // of a supervisor: how much of its intensity is spent
	Spent                               bool
	Children                            []kin
}

func (o *Observer) kin(n supervise.Node, facts map[string]Facts) kin {
	f := facts[n.Name]
	k := kin{Name: n.Name, Kind: n.Kind, Strategy: n.Strategy, State: string(n.State), Colour: colours[n.State], Doing: f.Doing}
	if f.Queued != "" && f.Queue > 0 {
		k.Queue = live.Count(uint64(f.Queue)).Text
	}
	if n.Restarts > 0 {
		k.Restarts = times(n.Restarts)
	}
	if i := n.Intensity; n.Kind == "supervisor" {
		k.Meter, k.Spent = fmt.Sprintf("%d of %d restarts in %s", len(i.Recent), i.Max, span(i.Within)), i.Spent()
	}
	for _, c := range n.Children {
		k.Children = append(k.Children, o.kin(c, facts))
	}
	return k
}

var colours = map[supervise.State]string{
	supervise.StateIdle:       "plain",
	supervise.StateRunning:    "done",
	supervise.StateStopping:   "waiting",
	supervise.StateRestarting: "waiting",
	supervise.StateStuck:      "failed",
	supervise.StateFailed:     "failed",
	supervise.StateFinished:   "plain",
	supervise.StateStopped:    "plain",
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// notices are the nodes that are not as they should be.
func (o *Observer) notices() (lines []string) {
	var look func(n supervise.Node)
	look = func(n supervise.Node) {
		switch n.State {
		case supervise.StateStuck:
			lines = append(lines, n.Name+" is stuck: it was told to end "+ago(n.Since)+" ago and has not returned. Go cannot end a goroutine from outside; its stack is in the goroutine profile below.")
		case supervise.StateFailed:
			lines = append(lines, n.Name+" has failed and is not started again: "+n.LastError)
		}
		if n.Kind == "supervisor" && n.Intensity.Max > 0 && n.Intensity.Spent() {
			lines = append(lines, n.Name+" bears no further restart for now, after "+strconv.Itoa(len(n.Intensity.Recent))+" within "+span(n.Intensity.Within)+".")
		}
		for _, c := range n.Children {
			look(c)
		}
	}
	look(o.cfg.Tree())
	return lines
}

func ago(t time.Time) string { return live.Duration(time.Since(t).Round(time.Second)) }

// row is a line of the table of processes: words, with the numbers to sort by.
type row struct {
	Process
	Cells []sorted
}

// sorted is a cell with what it is sorted by.
type sorted struct {
	Text  string
	By    float64
	Exact string
}

type table struct {
	Rows   []row
	Hidden int // of the least busy, not shown
	Window string
	OverS  float64
	CPU    bool // measured
}

func (o *Observer) table(window string) table {
	p := o.Processes(window)
	t := table{Window: window, OverS: p.OverS, CPU: o.lastCPU() != nil}
	for _, x := range p.Processes {
		t.Rows = append(t.Rows, row{x, []sorted{busyCell(x), wholeCell(x.Queue), msCell(x.WaitMS), msCell(x.ServiceMS),
			{Text: live.Count(x.Done).Text, By: float64(x.Done)}, {Text: strconv.Itoa(x.Restarts), By: float64(x.Restarts)},
			wholeCell(x.Goroutines), percentCell(x.CPUPercent)}})
	}
	if len(t.Rows) > mostRows {
		slices.SortStableFunc(t.Rows, func(a, b row) int { return cmp.Compare(b.Cells[0].By, a.Cells[0].By) })
		t.Hidden = len(t.Rows) - mostRows
		t.Rows = t.Rows[:mostRows]
	}
	return t
}

// none is what was not measured, sorted below all that was.
var none = sorted{Text: "–", By: -1}

// ifAny is the text, or nothing if it was not measured.
func (s sorted) ifAny() string {
	if s == none {
		return ""
	}
	return s.Text
}

func busyCell(p Process) sorted {
	switch {
	case p.BusyShare != nil:
		return sorted{Text: live.Percent(*p.BusyShare), By: *p.Busy, Exact: fmt.Sprintf("%.3f at work on average, of %d", *p.Busy, p.Slots)}
	case p.Busy != nil:
		return sorted{Text: live.Number(*p.Busy).Text + " at once", By: *p.Busy}
	}
	return none
}

func wholeCell(n *int) sorted {
	if n == nil {
		return none
	}
	return sorted{Text: live.Count(uint64(*n)).Text, By: float64(*n)}
}

func msCell(ms *float64) sorted {
	if ms == nil {
		return none
	}
	return sorted{Text: live.Duration(time.Duration(*ms * float64(time.Millisecond))), By: *ms, Exact: fmt.Sprintf("%.3f ms", *ms)}
}

func percentCell(p *float64) sorted {
	if p == nil {
		return none
	}
	return sorted{Text: live.Percent(*p / 100), By: *p}
}

// crowd is the census as the page shows it.
type crowd struct {
	CensusView
	Total string
	Bars  []crowdBar
	Rest  int // in smaller groups
	Age   string
	Cost  string
	Every string
}

type crowdBar struct {
	GroupView
	Count   string
	Width   float64 // percent of the largest
	Label   string
	Colour  string
	Present string
}

func (o *Observer) crowd() crowd {
	c, taken := o.census.look()
	v := o.view(c, taken)
	out := crowd{CensusView: v, Total: live.Count(uint64(v.Total)).Text, Every: live.Duration(time.Duration(v.EveryS * float64(time.Second)).Round(time.Second))}
	if v.At != nil {
		out.Age, out.Cost = ago(*v.At), live.Duration(time.Duration(v.TookMS*float64(time.Millisecond)))
	}
	for i, g := range v.Groups {
		if i >= mostGroups {
			out.Rest += g.Count
			continue
		}
		out.Bars = append(out.Bars, crowdBar{
			GroupView: g, Count: live.Count(uint64(g.Count)).Text, Width: 100 * float64(g.Count) / float64(v.Groups[0].Count),
			Label: labelled(g.Labels), Present: stateWords[string(g.State)],
		})
	}
	return out
}

// labelled puts the labels of goroutines in the order of what they say: the part
// and the endpoint first.
func labelled(labels map[string]string) string {
	var words []string
	for _, key := range []string{"part", "endpoint", "stage"} {
		if labels[key] != "" {
			words = append(words, labels[key])
		}
	}
	if child := labels[supervise.Label]; child != "" && !slices.Contains(words, child) {
		words = append(words, child)
	}
	if len(words) == 0 {
		return "no label"
	}
	return strings.Join(words, " / ")
}

var stateWords = map[string]string{
	"running": "run, or are ready to", "sleep": "sleep", "network": "wait for the network", "select": "wait for a timer or another",
	"receive": "wait to receive", "send": "wait to send", "lock": "wait for a lock", "join": "wait for others to end",
	"condition": "wait for a condition", "signal": "wait for a signal", "parked": "wait",
}

// figures are those of the runtime, or why there are none.
func (o *Observer) figures() any {
	figures, err := o.Figures()
	return struct {
		Runtime Runtime
		Problem error
	}{figures, err}
}
