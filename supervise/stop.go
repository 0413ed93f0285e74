package supervise

import (
	"errors"
	"slices"
	"time"
)

// stop ends the children in reverse order, one after the other.
func (t *Tree) stop() error {
	t.setState(StateStopping) // from here on nothing can be killed
	var told []string
	for _, c := range slices.Backward(t.children) {
		told = append(told, t.stopChild(c)...)
	}
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

// stopChild tells c to end and waits until it has, or is stuck. It returns what
// the children that ended meanwhile, c or others, told of stuck ones below them.
func (t *Tree) stopChild(c *child) (told []string) {
	if !c.alive {
		t.settle(c)
		return nil
	}
	t.ask(c, ErrStopping)
	c.cancel(ErrStopping)
	for c.alive && c.state != StateStuck {
		select {
		case e := <-t.exits:
			t.note(e)
			told = append(told, stuckBelow(e)...)
		case <-t.overdue():
			t.giveUpWaiting(time.Now())
		}
	}
	return told
}

// settle corrects the state of a child whose restart a panic of the hook prevented.
func (t *Tree) settle(c *child) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.state == StateRestarting {
		c.state = StateStopped
	}
}

// stuckBelow is what the error of a child tells of stuck ones in a tree that
// cannot be seen, as in a Func that calls its Serve.
func stuckBelow(e exit) []string {
	if _, seen := e.child.Service.(viewer); seen {
		return nil
	}
	if below, ok := errors.AsType[*StuckError](e.err); ok {
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

func (t *Tree) setState(s State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = s
}
