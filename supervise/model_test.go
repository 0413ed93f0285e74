package supervise_test

import (
	"context"
	"fmt"
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
	runs   map[string]bool
	stuck  map[string]bool // since its last start
	counts map[string]int
	at     []time.Time // of the restarts since the tree was last served
	next   int         // the child after the one that may be stopped next
	wrong  []string
}

func newModel(cfg supervise.Config) *model {
	return &model{cfg: cfg, runs: map[string]bool{}, stuck: map[string]bool{}, counts: map[string]int{}}
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
	m.at, m.next = nil, len(m.cfg.Children)
}

func (m *model) hear(e supervise.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := e.(type) {
	case supervise.Started:
		m.expect(!m.runs[e.Child], e, "it runs already")
		m.runs[e.Child], m.stuck[e.Child], m.next = true, false, len(m.cfg.Children)
	case supervise.Ended:
		m.ended(e)
	case supervise.Restarting:
		m.restarting(e)
	case supervise.Stuck:
		m.expect(m.runs[e.Child], e, "it does not run")
		m.stuck[e.Child] = true
	case supervise.GaveUp:
		m.expect(m.recent(e.At) == m.cfg.MaxRestarts, e, "too early")
	}
	m.last = e
}

func (m *model) ended(e supervise.Ended) {
	m.expect(m.runs[e.Child], e, "it does not run")
	m.runs[e.Child] = false
	if !e.Asked || e.Failed || m.stuck[e.Child] {
		return // not by a stop, or too late for the order
	}
	i := m.index(e.Child)
	m.expect(i < m.next, e, "stopped out of order")
	m.next = i
}

func (m *model) restarting(e supervise.Restarting) {
	end, ok := m.last.(supervise.Ended)
	m.expect(ok && end.Child == e.Child, e, "not after its end")
	policy := m.cfg.Children[m.index(e.Child)].Restart
	m.expect(policy == supervise.Permanent || policy == supervise.Transient && end.Failed, e, "against its policy")
	m.expect(m.recent(e.At) < m.cfg.MaxRestarts, e, "one too many")
	m.at = append(m.at, e.At)
	m.counts[e.Child]++
	m.expect(m.counts[e.Child] == e.Restarts, e, "miscounted")
}

func (m *model) recent(now time.Time) (n int) {
	for _, at := range m.at {
		if now.Sub(at) <= m.cfg.Within {
			n++
		}
	}
	return n
}

func (m *model) index(name string) int {
	return slices.IndexFunc(m.cfg.Children, func(c supervise.Child) bool { return c.Name == name })
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
	for i, c := range n.Children {
		alive := c.State == supervise.StateRunning || c.State == supervise.StateStopping || c.State == supervise.StateStuck
		owed := n.State == supervise.StateRunning && m.cfg.Children[i].Restart == supervise.Permanent
		if c.Restarts != m.counts[c.Name] || n.State == supervise.StateRunning && alive != m.runs[c.Name] || owed && !alive {
			m.wrong = append(m.wrong, fmt.Sprintf("shown %+v, model: runs %v, %d restarts", c, m.runs[c.Name], m.counts[c.Name]))
		}
	}
}
