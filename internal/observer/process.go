package observer

import (
	"time"

	"github.com/affluxlab/afflux/internal/profile"
	"github.com/affluxlab/afflux/supervise"
)

// Process is one node of the tree with its figures. What its room does not tell,
// or has not been measured, is null.
type Process struct {
	Name       string   `json:"name"`
	Parent     string   `json:"parent"`
	Kind       string   `json:"kind"`
	State      string   `json:"state"`
	InStateS   float64  `json:"in_state_s"`
	Doing      string   `json:"doing"`
	Queue      *int     `json:"queue"`
	Queued     string   `json:"queued"`     // what waits there
	Busy       *float64 `json:"busy"`       // mean number of pieces of work at one time
	Slots      int      `json:"slots"`      // how many there can be; 0: no limit
	BusyShare  *float64 `json:"busy_share"` // busy / slots; null without a limit
	Done       *uint64  `json:"done"`       // pieces of work that are over
	WaitMS     *float64 `json:"wait_ms"`    // mean time in the queue
	ServiceMS  *float64 `json:"service_ms"` // mean time at work
	Restarts   int      `json:"restarts"`
	Goroutines *int     `json:"goroutines"`  // of the newest census
	CPUPercent *float64 `json:"cpu_percent"` // of a core, in the newest CPU profile
	LastError  string   `json:"last_error"`
}

// Processes are all nodes, over a stretch of time.
type Processes struct {
	At        time.Time `json:"at"`
	OverS     float64   `json:"over_s"` // how long the stretch is
	Window    string    `json:"window"` // as it was asked for
	Processes []Process `json:"processes"`
}

// Windows are the stretches that can be asked for: since the last reset of the lab,
// and sliding ones.
var Windows = []struct {
	Name, Label string
	Span        time.Duration
}{{"reset", "since the reset", 0}, {"1m", "the last minute", time.Minute}, {"10s", "the last 10 s", 10 * time.Second}}

// windowSpan is the length of a window; false: there is none of that name.
func windowSpan(name string) (time.Duration, bool) {
	for _, w := range Windows {
		if w.Name == name {
			return w.Span, true
		}
	}
	return 0, false
}

// Processes returns all nodes with their figures over one of the [Windows].
func (o *Observer) Processes(window string) Processes {
	now := sample{time.Now(), o.cfg.Facts()}
	o.mu.Lock()
	from := o.since.at
	o.mu.Unlock()
	facts, then := now.facts, sample{}
	if span, _ := windowSpan(window); span > 0 {
		if earlier, ok := o.history.since(now.at.Add(-span)); ok {
			then = earlier
			facts, from = over(now.facts, then.facts), then.at
		}
	}
	p := Processes{At: now.at, OverS: now.at.Sub(from).Seconds(), Window: window}
	counted, taken := o.census.look()
	busy := o.lastCPU()
	figures := measures{now: now, then: then.facts, facts: facts, over: now.at.Sub(from), cpu: busy}
	if taken {
		figures.goroutines = byChild(counted)
	}
	p.Processes = figures.list(nil, o.cfg.Tree(), "")
	return p
}

// measures are what the figures of a process are taken from.
type measures struct {
	now        sample
	then       map[string]Facts // at its beginning
	facts      map[string]Facts // over the stretch
	over       time.Duration
	goroutines map[string]int // by child; nil: not counted
	cpu        *profile.CPU   // nil: not measured
}

func (m measures) list(to []Process, n supervise.Node, parent string) []Process {
	to = append(to, m.process(n, parent))
	for _, c := range n.Children {
		to = m.list(to, c, n.Name)
	}
	return to
}

func (m measures) process(n supervise.Node, parent string) Process {
	now, grown := m.now.facts[n.Name], m.facts[n.Name]
	p := Process{
		Name: n.Name, Parent: parent, Kind: n.Kind, State: string(n.State), InStateS: m.now.at.Sub(n.Since).Seconds(),
		Doing: now.Doing, Slots: now.Slots, Restarts: n.Restarts, LastError: n.LastError,
		WaitMS: meanMS(grown.Wait), ServiceMS: meanMS(grown.Service),
	}
	if now.Counts {
		p.Done = &grown.Done
	}
	if now.Queued != "" {
		p.Queue, p.Queued = &now.Queue, now.Queued
	}
	stretch := m.over
	if _, known := m.then[n.Name]; !known { // it is younger than the stretch, perhaps
		stretch = min(stretch, m.now.at.Sub(n.StartedAt))
	}
	if now.Works && stretch > 0 {
		busy := grown.Busy / stretch.Seconds()
		p.Busy = &busy
		if now.Slots > 0 {
			share := busy / float64(now.Slots)
			p.BusyShare = &share
		}
	}
	if m.goroutines != nil {
		count := m.goroutines[n.Name]
		p.Goroutines = &count
	}
	if m.cpu != nil {
		percent := 100 * usedBy(m.cpu, n.Name).Seconds() / m.cpu.Over.Seconds()
		p.CPUPercent = &percent
	}
	return p
}

func meanMS(s Sum) *float64 {
	mean, ok := s.Mean()
	if !ok {
		return nil
	}
	ms := float64(mean.Microseconds()) / 1000
	return &ms
}

// byChild counts goroutines by the child that they belong to.
func byChild(c profile.Census) map[string]int {
	counts := map[string]int{}
	for _, g := range c.Groups {
		counts[g.Labels[supervise.Label]] += g.Count
	}
	return counts
}

// usedBy is the processor time of a child's goroutines in a profile.
func usedBy(c *profile.CPU, child string) (used time.Duration) {
	for _, s := range c.Shares {
		if s.Labels[supervise.Label] == child {
			used += s.Used
		}
	}
	return used
}
