package part2

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/supervise"
)

// crew are the nodes that take events, brought to what the settings want.
type crew struct {
	part *Part

	mu       sync.Mutex // guards what follows; held while nodes are made and told to leave, which nobody who only reads waits for
	settings Settings
	takers   map[string]taker // by name, those that are leaving too
	farewell context.Context  // of Drain, the end of the chapter; nil before
}

// SupervisorName is the name of the consumer supervisor's node; consumers are
// numbered.
const (
	SupervisorName = "consumer-supervisor"
	consumerPrefix = "consumer-"
)

// numberOf is the number of a consumer; false for any other node.
func numberOf(name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(name, consumerPrefix))
	return n, err == nil
}

// wants reports whether a node of that name is to be there.
func (s Settings) wants(name string) bool {
	n, isConsumer := numberOf(name)
	if s.Kind == Supervisor {
		return !isConsumer
	}
	return isConsumer && n <= s.Consumers
}

// apply puts settings in force for the nodes that are there, and for those to come.
func (c *crew) apply(s Settings) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settings = s
	for _, t := range c.takers {
		if err := t.apply(s); err != nil {
			return err
		}
	}
	return c.reconcile()
}

// left makes up for a node that has left the tree: it may have made room for another.
func (c *crew) left(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.takers, name)
	return c.reconcile()
}

// reconcile brings the nodes to what the settings want, as far as that goes now: a
// name whose node is leaving is free when that has left, and a new kind begins when
// none of the old is left. Whenever a node has left it is called again, also at the
// end of the chapter, as long as there are events to work off and time for it.
func (c *crew) reconcile() error {
	if c.farewell != nil && (c.farewell.Err() != nil || c.part.queue.InSystem() == 0) {
		return nil
	}
	there := 0 // of the wanted names
	for name, t := range c.takers {
		if c.settings.wants(name) {
			there++
		} else {
			t.leave()
		}
	}
	switching := c.switching()
	c.part.show(c.settings, switching)
	if switching || there == c.settings.nodes() {
		return nil
	}
	if c.settings.Kind == Supervisor {
		return c.add(SupervisorName)
	}
	for n := range c.settings.Consumers {
		if err := c.add(consumerPrefix + strconv.Itoa(n+1)); err != nil {
			return err
		}
	}
	return nil
}

// nodes is how many there are to be.
func (s Settings) nodes() int {
	if s.Kind == Supervisor {
		return 1
	}
	return s.Consumers
}

// switching reports whether nodes of another kind than the wanted are still there.
func (c *crew) switching() bool {
	for _, t := range c.takers {
		if t.kind() != c.settings.Kind {
			return true
		}
	}
	return false
}

// add makes the node of that name, unless it is there, and gives it to the tree. It
// leaves the tree by itself when it has left the pipeline.
func (c *crew) add(name string) error {
	if c.takers[name] != nil {
		return nil
	}
	t, err := c.make(name)
	if err == nil {
		err = c.part.tree.Add(supervise.Child{Name: name, Service: t, Restart: supervise.Transient, Forget: true})
	}
	switch {
	case err == nil:
		c.takers[name] = t
	case c.farewell != nil: // nothing may be left to take
		return nil
	}
	return err
}

// make returns the node of that name, subscribed to the queue.
func (c *crew) make(name string) (taker, error) {
	if c.settings.Kind == Supervisor {
		return c.makeSupervisor(c.settings)
	}
	return c.makeConsumer(name, c.settings)
}

// makeConsumer returns a consumer, which takes one event at a time.
func (c *crew) makeConsumer(name string, s Settings) (taker, error) {
	one := stage.NewConsumer(c.part.pipe, name, c.part.handle, stage.ConsumerConfig[event]{OnError: c.part.judge, Observe: c.part.observe})
	sub, err := one.Subscribe(c.part.queue, s.subscription())
	return &consumer{node{crew: c, stage: one}, sub}, err
}

// makeSupervisor returns the consumer supervisor: each event is handled in a
// goroutine of its own, of which there are at most s.Concurrency at one time.
func (c *crew) makeSupervisor(s Settings) (taker, error) {
	spawner := stage.NewSpawner(c.part.pipe, SupervisorName, c.part.handle, stage.SpawnerConfig[event]{
		Max: s.Concurrency, Refill: s.Refill, OnError: c.part.judge, Observe: c.part.observe,
	})
	_, err := spawner.Subscribe(c.part.queue)
	return &consumerSupervisor{node{crew: c, stage: spawner}, spawner}, err
}

// finish begins the end of the chapter, which lasts as long as ctx.
func (c *crew) finish(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.farewell = ctx
}

// ended is how a node ended: in order, if it was the end of the chapter that told it
// to leave what it had.
func (c *crew) ended(ctx context.Context, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.farewell != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

// told hears what happens in the tree.
func (c *crew) told(e supervise.Event) {
	if gone, ok := e.(supervise.Removed); ok {
		if err := c.left(gone.Child); err != nil {
			panic(fmt.Errorf("part2: %w", err)) // the settings were validated and the name is free: a mistake of the program
		}
	}
	if c.part.opts.Hook != nil {
		c.part.opts.Hook(e)
	}
}
