package supervise

// Snapshot returns the tree as it stands. It may be called at any time, from
// any goroutine, a hook included; it costs one short lock and one allocation
// per tree. The numbers of one tree were true together; a nested one is asked
// a moment later.
func (t *Tree) Snapshot() Node {
	n := t.books()
	for i, c := range t.children {
		if s, ok := c.Service.(interface{ Snapshot() Node }); ok {
			below := s.Snapshot() // asked without the lock: it has one of its own
			n.Children[i].Kind = below.Kind
			n.Children[i].Strategy = below.Strategy
			n.Children[i].Children = below.Children
		}
	}
	return n
}

// books copies what the tree itself knows.
func (t *Tree) books() Node {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := Node{
		Name:      t.cfg.Name,
		Kind:      "supervisor",
		Strategy:  t.cfg.Strategy.String(),
		State:     t.state,
		StartedAt: t.startedAt,
		LastError: text(t.lastErr),
		Source:    t.source,
		Children:  make([]Node, len(t.children)),
	}
	for i, c := range t.children {
		n.Children[i] = Node{
			Name:      c.Name,
			Kind:      "worker",
			State:     c.state,
			Restarts:  c.restarts,
			StartedAt: c.startedAt,
			LastError: text(c.lastErr),
			Source:    c.source,
		}
	}
	return n
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
