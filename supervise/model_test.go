package supervise_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

// model is what a tree may tell, in the plainest words: it replays the events
// of one tree and writes down each that should not have come.
type model struct {
	cfg    supervise.Config
	mu     sync.Mutex // guards what follows: the test looks in while the tree goes on
	last   supervise.Event
	order  []*modelChild
	made   int
	at     []time.Time // of the restarts since the tree was last served
	next   int         // the child after the one that may be stopped next, by its number
	over   bool        // the tree was told to stop
	forget string      // who has ended for good, and has to leave now
	wrong  []string
}

type modelChild struct {
	supervise.Child
	number  int  // in start order
	known   bool // was started once
	runs    bool
	due     bool // may start
	yields  bool // has to end before any may start
	stuck   bool // since its last start
	leaving bool
	count   int
}

func newModel(cfg supervise.Config) *model {
	m := &model{cfg: cfg}
	for _, c := range cfg.Children {
		m.add(c)
	}
	return m
}

// modelled is a tree whose model learns when it is served anew.
type modelled struct {
	*supervise.Tree
	model *model
}

func (s modelled) Serve(ctx context.Context) error {
	s.model.begin()
	return s.Tree.Serve(ctx)
}

func (m *model) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at, m.next, m.over = nil, math.MaxInt, false
	for _, c := range m.order {
		c.due, c.yields = true, false
	}
}

func (m *model) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
}

func (m *model) add(c supervise.Child) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	m.order = append(m.order, &modelChild{Child: c, number: m.made, due: true})
}

// leave is called before a Remove. Who was never started leaves in silence.
func (m *model) leave(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.child(name)
	if c.leaving = true; !c.known {
		m.drop(c)
	}
}

func (m *model) drop(c *modelChild) {
	m.order = slices.DeleteFunc(m.order, func(o *modelChild) bool { return o == c })
}

func (m *model) child(name string) *modelChild {
	for _, c := range m.order {
		if c.Name == name {
			return c
		}
	}
	return &modelChild{Child: supervise.Child{Name: name}} // who does nothing right
}

// hear returns who has left.
func (m *model) hear(e supervise.Event) (gone supervise.Child) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if left, ok := e.(supervise.Removed); m.forget != "" {
		m.expect(ok && left.Child == m.forget, e, m.forget+" was to leave")
		m.forget = ""
	}
	switch e := e.(type) {
	case supervise.Started:
		m.started(e)
	case supervise.Ended:
		m.ended(e)
	case supervise.Restarting:
		m.restarting(e)
	case supervise.Stuck:
		c := m.child(e.Child)
		m.expect(c.runs, e, "it does not run")
		c.stuck = true
	case supervise.Removed:
		gone = m.removed(e)
	case supervise.GaveUp:
		m.expect(m.recent(e.At) == m.cfg.MaxRestarts, e, "too early")
	}
	m.last = e
	return gone
}

func (m *model) started(e supervise.Started) {
	c := m.child(e.Child)
	m.expect(!c.runs, e, "it runs already")
	m.expect(c.due, e, "nobody wants it")
	m.expect(!m.over, e, "the tree was told to stop")
	m.expect(!m.clearing(), e, "others have to end first")
	c.known, c.runs, c.due, c.stuck, m.next = true, true, false, false, math.MaxInt
}

// clearing reports whether some have to end for a sibling.
func (m *model) clearing() bool {
	return slices.ContainsFunc(m.order, func(c *modelChild) bool { return c.yields && c.runs && !c.stuck })
}

func (m *model) ended(e supervise.Ended) {
	c := m.child(e.Child)
	m.expect(c.runs, e, "it does not run")
	c.runs, c.yields = false, false
	if !e.Asked || e.Failed {
		if c.Forget && !again(c.Restart, e.Failed) {
			m.forget, c.leaving = c.Name, true
		}
		return
	}
	if c.stuck || c.leaving {
		return // too late for the order, or on its own account
	}
	m.expect(c.number < m.next, e, "stopped out of order")
	m.next = c.number
}

func again(r supervise.Restart, failed bool) bool {
	return r == supervise.Permanent || r == supervise.Transient && failed
}

func (m *model) restarting(e supervise.Restarting) {
	c := m.child(e.Child)
	end, ok := m.last.(supervise.Ended)
	m.expect(ok && end.Child == e.Child, e, "not after its end")
	m.expect(again(c.Restart, end.Failed), e, "against its policy")
	m.expect(!c.due, e, "it would be started without")
	m.expect(!c.leaving, e, "it was removed")
	m.expect(m.recent(e.At) < m.cfg.MaxRestarts, e, "one too many")
	m.at = append(m.at, e.At)
	c.count++
	m.expect(c.count == e.Restarts, e, "miscounted")
	for _, s := range m.order {
		with := s == c || m.cfg.Strategy == supervise.OneForAll ||
			m.cfg.Strategy == supervise.RestForOne && s.number > c.number
		s.yields = s.yields || with && s.runs
		s.due = s.due || with && s.Restart != supervise.Temporary
	}
}

func (m *model) removed(e supervise.Removed) supervise.Child {
	c := m.child(e.Child)
	m.expect(!c.runs, e, "it runs")
	m.expect(c.leaving || c.Forget && !c.due, e, "nobody wanted that")
	m.drop(c)
	return c.Child
}

func (m *model) recent(now time.Time) (n int) {
	for _, at := range m.at {
		if now.Sub(at) <= m.cfg.Within {
			n++
		}
	}
	return n
}

func (m *model) expect(ok bool, e supervise.Event, what string) {
	if !ok {
		m.wrong = append(m.wrong, fmt.Sprintf("%s: %s", e, what))
	}
}

// agrees compares the model with what a snapshot shows of its tree at rest.
func (m *model) agrees(n supervise.Node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, shown := range n.Children {
		c := m.child(shown.Name)
		ok := shown.Restarts == c.count
		if n.State == supervise.StateRunning {
			alive := shown.State == supervise.StateRunning || shown.State == supervise.StateStopping || shown.State == supervise.StateStuck
			owed := c.Restart == supervise.Permanent || c.due
			ok = ok && alive == c.runs && (alive || !owed || m.clearing())
		}
		if !ok {
			m.wrong = append(m.wrong, fmt.Sprintf("shown %+v, model: %+v", shown, *c))
		}
	}
	if n.State == supervise.StateRunning && len(n.Children) != len(m.order) {
		m.wrong = append(m.wrong, fmt.Sprintf("%d are shown, model: %d", len(n.Children), len(m.order)))
	}
}
