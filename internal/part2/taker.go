package part2

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/supervise"
)

// producer is the node that the queue has in the tree. The queue itself needs no
// goroutine, and outlives it.
type producer struct {
	part  *Part
	queue *stage.Queue[event]
}

// Serve waits for the end of the queue, or of ctx.
func (n producer) Serve(ctx context.Context) error { return n.part.ended(ctx, n.queue.Serve(ctx)) }

// taker is a node that takes events.
type taker interface {
	supervise.Service
	kind() Kind
	apply(Settings) error
	leave()
	isLeaving() bool
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
	part  *Part
	stage interface {
		stage.Stage
		Leave()
	}
	leaving bool // guarded by Part.mu
}

// serve ends in order when the stage has left, even if that was before it began:
// its tree may have been between two lives.
func (n *node) serve(ctx context.Context) error {
	if err := n.stage.Serve(ctx); !errors.Is(err, stage.ErrEnded) {
		return n.part.ended(ctx, err)
	}
	return nil
}

// ended is how a node ended: in order, if it was the end of the chapter that told it
// to leave what it had.
func (p *Part) ended(ctx context.Context, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.farewell != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

// leave sends the node's inbox back; it ends when what is in hand is finished.
func (n *node) leave() {
	if !n.leaving {
		n.leaving = true
		n.stage.Leave()
	}
}

func (n *node) isLeaving() bool { return n.leaving }

// names are those of the takers that the settings want, in order.
func (s Settings) names() []string {
	if s.Kind == Supervisor {
		return []string{"consumer-supervisor"}
	}
	names := make([]string, s.Consumers)
	for i := range names {
		names[i] = fmt.Sprintf("consumer-%d", i+1)
	}
	return names
}

// reconcile brings the takers to what the settings want, as far as that goes now:
// a name whose node is leaving is free when that has left, and a new kind begins
// when none of the old is left. Whenever a node has left it is called again, also
// at the end of the chapter, as long as there are events to work off. It is called
// with mu held.
func (p *Part) reconcile() error {
	if p.farewell != nil && (p.farewell.Err() != nil || p.queue.InSystem() == 0) {
		return nil
	}
	wanted := p.settings.names()
	for name, t := range p.takers {
		if !slices.Contains(wanted, name) {
			t.leave()
		}
	}
	if p.switching() {
		return nil
	}
	for _, name := range wanted {
		if p.takers[name] != nil {
			continue
		}
		if err := p.add(name); err != nil && p.farewell == nil { // at the end there may be nothing left to take
			return err
		}
	}
	return nil
}

// switching reports whether nodes of another kind than the wanted are still there.
func (p *Part) switching() bool {
	for _, t := range p.takers {
		if t.kind() != p.settings.Kind {
			return true
		}
	}
	return false
}

// add makes a taker and gives it to the tree. It leaves the tree by itself when it
// has left the pipeline.
func (p *Part) add(name string) error {
	t, err := p.newTaker(name)
	if err == nil {
		err = p.tree.Add(supervise.Child{Name: name, Service: t, Restart: supervise.Transient, Forget: true})
	}
	if err != nil {
		return fmt.Errorf("part2: %w", err)
	}
	p.takers[name] = t
	return nil
}

func (p *Part) newTaker(name string) (taker, error) {
	s := p.settings
	if s.Kind == Supervisor {
		spawner := stage.NewSpawner(p.pipe, name, p.handle, stage.SpawnerConfig[event]{
			Max: s.Concurrency, Refill: s.Refill, OnError: p.judge, Observe: p.observe,
		})
		_, err := spawner.Subscribe(p.queue)
		return &consumerSupervisor{node{part: p, stage: spawner}, spawner}, err
	}
	one := stage.NewConsumer(p.pipe, name, p.handle, stage.ConsumerConfig[event]{OnError: p.judge, Observe: p.observe})
	sub, err := one.Subscribe(p.queue, s.subscription())
	return &consumer{node{part: p, stage: one}, sub}, err
}

// told hears what happens in the tree: a taker that has left may make room for
// another.
func (p *Part) told(e supervise.Event) {
	if gone, ok := e.(supervise.Removed); ok {
		p.mu.Lock()
		delete(p.takers, gone.Child)
		err := p.reconcile()
		p.mu.Unlock()
		if err != nil {
			panic(err) // the settings were validated, and the name is free
		}
	}
	if p.opts.Hook != nil {
		p.opts.Hook(e)
	}
}
