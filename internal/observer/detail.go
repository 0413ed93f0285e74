package observer

import (
	"bufio"
	"io/fs"
	"strconv"
	"strings"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/supervise"
)

// detail is one node, looked at closely.
type detail struct {
	Figures    Process
	Node       Node
	Colour     string
	Age        string
	Facts      []Fact
	Wait       string
	Service    string
	BusyWords  string
	QueueWords string
	Stack      string
	Place      string // "internal/resource/mock.go:42"
	Href       string // where that is shown
	Lines      []codeLine
	Groups     []crowdBar // its goroutines
	Counted    bool
	Meter      string
	Outlook    Outlook
	Confirm    bool // a kill is to be confirmed
	CanKill    bool
	CanPause   bool
	Paused     bool
}

// codeLine is a line of source with its number.
type codeLine struct {
	Number int
	Text   string
	Here   bool
}

// detail looks at one node; nil if there is none of that name.
func (o *Observer) detail(name, window string, confirm bool) *detail {
	root := o.cfg.Tree()
	line := lineage(root, name)
	if line == nil {
		return nil
	}
	n, facts := line[len(line)-1], o.cfg.Facts()
	d := &detail{Node: o.node(n, nil), Colour: colours[n.State], Age: ago(n.Since), Facts: facts[name].More, Stack: o.events.stackOf(name)}
	for _, p := range o.Processes(window).Processes {
		if p.Name == name {
			d.Figures = p
		}
	}
	d.describe()
	d.Place = o.place(n.Source)
	d.Href, d.Lines = o.code(d.Place)
	if n.Kind == "supervisor" {
		d.Meter = strconv.Itoa(len(n.Intensity.Recent)) + " of " + strconv.Itoa(n.Intensity.Max) + " in " + span(n.Intensity.Within)
	}
	d.CanKill = len(line) > 1 && n.State == supervise.StateRunning
	if s, can := o.cfg.Switches[name]; can {
		d.CanPause, d.Paused = true, s.Paused()
	}
	if d.CanKill {
		d.Outlook, d.Confirm = outlook(line, facts[name].Loss), confirm
	}
	o.ownGoroutines(d, name)
	return d
}

func (d *detail) describe() {
	d.BusyWords = busyCell(d.Figures).ifAny()
	if d.Figures.Queue != nil {
		d.QueueWords = live.Count(uint64(*d.Figures.Queue)).Text + " " + d.Figures.Queued
	}
	d.Wait, d.Service = msCell(d.Figures.WaitMS).ifAny(), msCell(d.Figures.ServiceMS).ifAny()
}

// ownGoroutines are those of a node, in the newest census.
func (o *Observer) ownGoroutines(d *detail, name string) {
	c, taken := o.census.look()
	d.Counted = taken
	for _, g := range o.view(c, taken).Groups {
		if g.Labels[supervise.Label] == name && len(d.Groups) < mostGroups {
			d.Groups = append(d.Groups, crowdBar{GroupView: g, Count: live.Count(uint64(g.Count)).Text, Present: stateWords[g.State], Href: sourceHref(g.Source)})
		}
	}
}

// before and after are how many lines are shown around the one that is meant.
const before, after = 3, 8

// code reads the lines around a place, if its file is at hand.
func (o *Observer) code(place string) (href string, lines []codeLine) {
	path, number, ok := strings.Cut(place, ":")
	line, err := strconv.Atoi(number)
	if !ok || err != nil || o.cfg.Source == nil {
		return "", nil
	}
	file, err := fs.ReadFile(o.cfg.Source, path)
	if err != nil {
		return "", nil
	}
	scan := bufio.NewScanner(strings.NewReader(string(file)))
	for n := 1; scan.Scan(); n++ {
		if n >= line-before && n <= line+after {
			lines = append(lines, codeLine{n, strings.ReplaceAll(scan.Text(), "\t", "    "), n == line})
		}
	}
	return sourceHref(place), lines
}
