package supervise

import (
	"cmp"
	"time"
)

// viewer is a Service that can be shown with its children.
type viewer interface{ Snapshot() Node }

// supervisor is what a parent sees of a tree: a *Tree, or a struct that embeds one.
type supervisor interface {
	viewer
	Kill(name string) error
}

// Snapshot returns the tree as it stands. It may be called at any time, from
// any goroutine, a hook included; it costs one short lock and one allocation
// per tree, and what it returns belongs to the caller. The numbers of one tree
// were true together; a nested one is asked a moment later.
func (t *Tree) Snapshot() Node {
	n, children := t.books()
	for i, c := range children {
		if s, ok := c.Service.(viewer); ok {
			below := s.Snapshot() // asked without the lock: it has one of its own
			n.Children[i].Kind = cmp.Or(below.Kind, n.Children[i].Kind)
			n.Children[i].Strategy = below.Strategy
			n.Children[i].Intensity = below.Intensity
			n.Children[i].Children = below.Children
			if below.State == StateStopping && n.Children[i].State == StateRunning {
				n.Children[i].State, n.Children[i].Since = StateStopping, below.Since // it has given up, which its parent will learn
			}
		}
	}
	return n
}

// books copies what the tree itself knows, and names the children it is about.
func (t *Tree) books() (Node, []*child) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := Node{
		Name:      t.cfg.Name,
		Kind:      "supervisor",
		Strategy:  t.cfg.Strategy.String(),
		State:     t.state,
		Since:     t.since,
		Intensity: t.intensity.shown(time.Now()),
		StartedAt: t.startedAt,
		LastError: t.lastErr,
		Source:    t.source,
		Children:  make([]Node, len(t.children)),
	}
	for i, c := range t.children {
		n.Children[i] = Node{
			Name:      c.Name,
			Kind:      "worker",
			State:     c.shown(),
			Since:     c.since,
			Restart:   c.Restart.String(),
			Restarts:  c.restarts,
			StartedAt: c.startedAt,
			LastError: c.lastErr,
			Source:    c.source,
		}
	}
	return n, t.children
}
