package part2

import (
	"context"
	"errors"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/supervise"
)

// producer is the node that the queue has in the tree. The queue itself needs no
// goroutine, and outlives it.
type producer struct {
	crew  *crew
	queue *stage.Queue[event]
}

// Serve waits for the end of the queue, or of ctx.
func (n producer) Serve(ctx context.Context) error { return n.crew.ended(ctx, n.queue.Serve(ctx)) }

// taker is a node that takes events.
type taker interface {
	supervise.Service
	kind() Kind
	apply(Settings) error
	leave()
}

// consumer takes one event at a time.
type consumer struct {
	node
	sub *stage.Subscription
}

// Serve takes events until ctx ends, or the consumer has left.
func (c *consumer) Serve(ctx context.Context) error { return c.serve(ctx) }

func (c *consumer) kind() Kind { return Consumers }

// apply does nothing to one whose subscription is over: it leaves, or the chapter
// has ended and it is about to.
func (c *consumer) apply(s Settings) error {
	if err := c.sub.Set(s.subscription()); !errors.Is(err, stage.ErrEnded) {
		return err
	}
	return nil
}

// consumerSupervisor runs each event in a goroutine of its own.
type consumerSupervisor struct {
	node
	spawner *stage.Spawner[event]
}

// Serve starts events until ctx ends, or the supervisor has left.
func (c *consumerSupervisor) Serve(ctx context.Context) error { return c.serve(ctx) }

func (c *consumerSupervisor) kind() Kind { return Supervisor }

func (c *consumerSupervisor) apply(s Settings) error {
	return c.spawner.SetSlots(s.Concurrency, s.Refill)
}

// node is what the two have in common.
type node struct {
	crew  *crew
	stage interface {
		stage.Stage
		Leave()
	}
	leaving bool // guarded by crew.mu
}

// serve ends in order when the stage has left, even if that was before it began:
// its tree may have been between two lives.
func (n *node) serve(ctx context.Context) error {
	if err := n.stage.Serve(ctx); !errors.Is(err, stage.ErrEnded) {
		return n.crew.ended(ctx, err)
	}
	return nil
}

// leave sends the node's inbox back; it ends when what is in hand is finished.
func (n *node) leave() {
	if !n.leaving {
		n.leaving = true
		n.stage.Leave()
	}
}
