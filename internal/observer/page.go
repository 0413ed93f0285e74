package observer

import (
	"cmp"
	"embed"
	"net/http"
	"strconv"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/supervise"
)

//go:embed pages panels
var files embed.FS

// Page is /observer. It needs the [Observer.Panels] to be shared. Its query says
// which node is looked at, whether a kill of it is to be confirmed, and over which
// time the processes are told.
func (o *Observer) Page() live.Page {
	return live.Page{Path: "/observer", Title: "Observer", Nav: "Observer", Key: "o", Calm: true, Files: live.Folder(files, "pages"), Data: o.data}
}

// Panels are the pieces of the page that are drawn once for all who look at it.
func (o *Observer) Panels() []live.SharedPanel {
	share := func(name, template string, data func() any) live.SharedPanel {
		return live.SharedPanel{Page: "/observer", Name: "observer/" + name, Panel: live.Panel{
			Files: live.Folder(files, "panels"), Template: template + "-panel", Data: func(*http.Request) any { return data() },
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
	d := pageData{CPU: o.cpuView(), Downloads: o.downloads(), Recording: o.recording(), Off: o.cfg.Off}
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

// figures are those of the runtime, or why there are none.
func (o *Observer) figures() any {
	figures, err := o.Figures()
	return struct {
		Runtime Runtime
		Problem error
	}{figures, err}
}
