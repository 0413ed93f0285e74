package supervise

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Config describes a tree.
type Config struct {
	Name     string
	Strategy Strategy
	Children []Child // started in this order, stopped in the opposite one; see also [Tree.Add]

	// MaxRestarts is how many restarts Within a sliding period are borne; one
	// more and the tree gives up. 0 means DefaultMaxRestarts, negative none.
	MaxRestarts int
	// Within is that period; 0 means DefaultWithin.
	Within time.Duration

	// Hook is told every event, in order, from the goroutine that serves the
	// tree: it must be quick, as nothing is started, restarted or stopped until it
	// returns, and must not call Serve or wait for the tree. It may take a Snapshot,
	// Add, Remove and Kill. Each tree calls its own; one given to several is called by them at
	// the same time. If it panics the tree stops its children and Serve panics on.
	// nil means that nobody is told.
	Hook func(Event)
}

// The restart intensity unless a Config says otherwise, as in Elixir's Supervisor.
const (
	DefaultMaxRestarts = 3
	DefaultWithin      = 5 * time.Second
)

func (c Config) intensity() intensity {
	return intensity{max: max(0, cmp.Or(c.MaxRestarts, DefaultMaxRestarts)), within: cmp.Or(c.Within, DefaultWithin)}
}

func (c Config) validate() error {
	if c.Name == "" {
		return errors.New("supervise: a tree needs a name")
	}
	if c.Strategy < OneForOne || c.Strategy > RestForOne {
		return fmt.Errorf("supervise: %s: unknown strategy %d", c.Name, int(c.Strategy))
	}
	if c.Within < 0 {
		return fmt.Errorf("supervise: %s: Within is %v, want 0 or more", c.Name, c.Within)
	}
	taken := map[string]bool{c.Name: true}
	for i, ch := range c.Children {
		if err := ch.validate(); err != nil {
			return fmt.Errorf("supervise: %s: child %d: %w", c.Name, i, err)
		}
		for _, name := range ch.appendNames(nil) {
			if taken[name] {
				return fmt.Errorf("supervise: %s: two are named %q", c.Name, name)
			}
			taken[name] = true
		}
	}
	return nil
}

func (c Child) validate() error {
	switch {
	case c.Name == "":
		return errors.New("has no name")
	case isNil(c.Service):
		return fmt.Errorf("%q has no service", c.Name)
	case c.Restart < Permanent || c.Restart > Temporary:
		return fmt.Errorf("%q: unknown restart %d", c.Name, int(c.Restart))
	}
	return nil
}

// isNil also sees the nil *Tree and the nil Func that an interface hides.
func isNil(s Service) bool {
	v := reflect.ValueOf(s)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return v.IsNil()
	}
	return false
}

// appendNames adds the child's name and, for a tree, those of all below it: a
// name is how one child is told from all others.
func (c Child) appendNames(names []string) []string {
	names = append(names, c.Name)
	if t, ok := c.Service.(supervisor); ok {
		names = appendNames(names, t.Snapshot().Children)
	}
	return names
}

func appendNames(names []string, nodes []Node) []string {
	for _, n := range nodes {
		names = appendNames(append(names, n.Name), n.Children)
	}
	return names
}
