package supervise

import (
	"fmt"
	"slices"
)

// Add adds a child to the tree, as the last in start order. A tree that runs
// starts it at once, or if it is restarting several children, together with
// them; else the next Serve does. Add does not wait for the start. It may be
// called at any time, from any goroutine, a hook included.
//
// The errors name what is wrong, as those of [New] do. [ErrTaken] is one: the
// names of this tree and of all below it are looked at, but not those above. A
// tree cannot know the tree that it is in, so names that are added below are the
// caller's to keep apart; [Tree.Kill] ends the first in start order. Add takes
// time in proportion to the number of all children below.
func (t *Tree) Add(c Child) error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("supervise: add to %s: child %w", t.cfg.Name, err)
	}
	if c.Service == Service(t) {
		return fmt.Errorf("supervise: add to %s: child %q is the tree itself", t.cfg.Name, c.Name)
	}
	added, names := newChild(c), c.appendNames(nil)
	for {
		before := t.changesSoFar()
		if name, is := firstTaken(t.names(), names); is {
			return fmt.Errorf("supervise: add to %s: %q: %w", t.cfg.Name, name, ErrTaken)
		}
		// The names were looked at without the lock, as foreign code was asked: if
		// another Add or a removal came in between they are looked at again.
		if t.append(added, before) {
			t.nudge()
			return nil
		}
	}
}

// names lists the names of the tree and of all below it.
func (t *Tree) names() []string {
	names := []string{t.cfg.Name}
	for _, c := range t.list() {
		names = c.appendNames(names)
	}
	return names
}

func firstTaken(taken, names []string) (string, bool) {
	for i, name := range names {
		if slices.Contains(taken, name) || slices.Contains(names[:i], name) {
			return name, true
		}
	}
	return "", false
}

func (t *Tree) append(c *child, before int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changes != before {
		return false
	}
	t.children = append(t.children, c)
	t.changes++
	return true
}

func (t *Tree) changesSoFar() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changes
}

func (t *Tree) list() []*child {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.children
}
