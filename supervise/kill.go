package supervise

import (
	"errors"
	"fmt"
)

// Kill ends the child of that name, in this tree or in one below it, with
// [ErrKilled] as the cause: an abnormal end, after which permanent and transient
// children are started again and counted. It does not wait for the end. A child
// that has not returned after its Stop is shown as stuck, and starts again when
// it returns after all. Killing a tree stops its children in order, then starts
// it anew. The errors are [ErrNotFound] and [ErrNotRunning].
func (t *Tree) Kill(name string) error {
	for _, c := range t.list() {
		if c.Name == name {
			return t.kill(c)
		}
		if below, ok := c.Service.(supervisor); ok {
			if err := below.Kill(name); !errors.Is(err, ErrNotFound) {
				return err
			}
		}
	}
	return fmt.Errorf("%q: %w", name, ErrNotFound)
}

func (t *Tree) kill(c *child) error {
	t.mu.Lock()
	running := c.state == StateRunning && !c.returned && t.state == StateRunning
	cancel := c.cancel // of this life: should it end meanwhile, the next is not touched
	if running {
		c.ask(ErrKilled)
	}
	t.mu.Unlock()
	if !running {
		return fmt.Errorf("%q: %w", c.Name, ErrNotRunning)
	}
	cancel(ErrKilled)
	t.nudge() // for the loop to watch its time
	return nil
}
