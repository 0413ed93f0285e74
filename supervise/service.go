package supervise

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Service is all a supervisor asks of what it runs: a Serve that blocks until
// the service ends or ctx does, and then returns with nothing left behind; the
// package comment lists its duties. A Service that also has Snapshot() [Node],
// as a [Tree] or a struct that embeds one has, is shown with its children: it
// must answer quickly, at any time, from any goroutine.
type Service interface {
	Serve(ctx context.Context) error
}

// Func makes a function a Service.
type Func func(ctx context.Context) error

// Serve calls f.
func (f Func) Serve(ctx context.Context) error { return f(ctx) }

// Restart says when a child that has ended is started again.
type Restart int

// The kinds of child, as in OTP.
const (
	Permanent Restart = iota // always
	Transient                // after an abnormal end
	Temporary                // never
)

func (r Restart) String() string {
	switch r {
	case Permanent:
		return "permanent"
	case Transient:
		return "transient"
	case Temporary:
		return "temporary"
	}
	return fmt.Sprintf("Restart(%d)", int(r))
}

// Child describes one child of a tree.
type Child struct {
	Name    string  // unique among all names in the tree, nested ones included; see [Tree.Add]
	Service Service // not shared with another child: it would be served twice at a time
	Restart Restart

	// Stop is how long a stop, a removal or a kill waits for the child before it counts
	// as stuck. 0 means DefaultStop, and for a Tree for ever, as its own
	// children have their times; negative means for ever.
	Stop time.Duration

	// Forget has the child leave the tree once it has ended and is not started
	// again: a transient one that returned nil, a temporary one. Who ended because
	// its tree was stopped stays, and starts when the tree does.
	Forget bool
}

// DefaultStop is how long a child is waited for unless it says otherwise.
const DefaultStop = 5 * time.Second

// patience is how long c is waited for; negative: for ever.
func (c Child) patience() time.Duration {
	if _, isTree := c.Service.(supervisor); isTree && c.Stop == 0 {
		return -1
	}
	return cmp.Or(c.Stop, DefaultStop)
}
