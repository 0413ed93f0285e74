package supervise

import (
	"errors"
	"slices"
)

// stop ends the children in reverse order, one after the other.
func (t *Tree) stop() error {
	var told []string
	for _, c := range slices.Backward(t.stopping()) {
		told = append(told, t.stopChild(c)...)
	}
	told = append(told, t.hearAll()...)
	// Looked up only now: who was late for its own turn may have returned since.
	names := stuckIn(t.Snapshot().Children)
	for _, name := range told {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &StuckError{Names: names}
}

// stopping begins a stop, and returns the children it concerns: from here on
// nothing can be killed, what is added waits, and the next Serve starts all.
func (t *Tree) stopping() []*child {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.enter(StateStopping)
	for _, c := range t.children {
		c.due = true
	}
	return t.children
}

// stopChild tells c to end and waits until it has, or is stuck. It returns what
// the children that ended meanwhile, c or others, told of stuck ones below them.
func (t *Tree) stopChild(c *child) (told []string) {
	if !c.alive {
		t.settle(c)
		return nil
	}
	t.ask(c, true)
	for {
		told = append(told, t.hearAll()...)
		t.giveUpWaiting()
		if !t.awaited(c) {
			return told
		}
		t.wait(nil)
	}
}

// hearAll takes note of all that was reported while the tree stops.
func (t *Tree) hearAll() (told []string) {
	for {
		r, _, ok := t.look()
		if !ok {
			return told
		}
		t.note(r)
		told = append(told, t.stuckBelow(r)...)
	}
}

// settle corrects the state of a child whose restart the stop prevented.
func (t *Tree) settle(c *child) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.state == StateRestarting {
		c.enter(StateStopped)
	}
}

// stuckBelow is what the error of a child tells of stuck ones in a tree that
// cannot be seen, as in a Func that calls its Serve, or in one that has left.
func (t *Tree) stuckBelow(r report) []string {
	if _, seen := r.child.Service.(viewer); seen && !t.hasLeft(r.child) {
		return nil
	}
	if below, ok := errors.AsType[*StuckError](r.err); ok {
		return below.Names
	}
	return nil
}

func stuckIn(nodes []Node) (names []string) {
	for _, n := range nodes {
		if n.State == StateStuck {
			names = append(names, n.Name)
		}
		names = append(names, stuckIn(n.Children)...)
	}
	return names
}
