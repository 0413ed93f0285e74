package stage

import (
	"context"
	"time"
)

// ConsumerConfig are the settings of a consumer. The zero value is good.
type ConsumerConfig[T any] struct {
	// Workers is how many events, or slices, are handled at a time: goroutines that
	// live as long as Serve. 0: 1, to 1,000,000. Resize changes it.
	Workers int
	// OnError decides what becomes of an event that failed; the zero Verdict gives it
	// up. It runs in the worker and must be quick; if it panics the event is given up,
	// and the log has the panic. nil: Drop, with a line in the log.
	OnError func(Failure[T]) Verdict
	// OnEnd says what the end of what it takes from means. Default: Transient.
	OnEnd EndMode
	// Timeout is how long one call of the handler may take: then its context ends,
	// with the cause [ErrTimeout]. What it returns counts as usual: for the policy to
	// see ErrTimeout return context.Cause(ctx), as libraries return errors of their
	// own. A handler that does not heed its context cannot be ended. It costs a timer
	// and some 300 bytes a call. 0: none.
	Timeout time.Duration
	// Observe is told each call of this stage's handler when that has returned, with
	// the events it was given: in the same goroutine, under the conditions of
	// Config.Observe. It may not keep the slice. It costs nothing when nil.
	Observe func(Handled, []T)
}

const maxWorkers = 1_000_000

// Consumer is a stage that takes events and ends their way: it hands them to a
// handler, in one or more workers.
type Consumer[T any] struct {
	inlet[T]
	handle handlers[T]
	gate   gate // nil: its workers take whenever there is something
	crew   crew[T]
}

// handlers are the kinds of handler: one of them is there.
type handlers[T any] struct {
	one   func(ctx context.Context, ev T) error
	slice func(ctx context.Context, evs []T) error
	own   func() handlers[T] // makes one of the others for each worker
}

// gate keeps workers from taking events while nobody wants what they would make of
// them.
type gate interface {
	open(w *waiter) bool // if not, w is called when it opens
	leave(w *waiter)
}

// NewConsumer makes a consumer whose handler is given one event at a time.
//
// The handler's context ends when the stage has to leave at once, with the
// cause; an event whose handler then returns an error returns to its queue, as if it
// had not been given. Any other error, and a panic at any time, is the event's failure:
// see ConsumerConfig.OnError.
func NewConsumer[T any](p *Pipeline, name string, handle func(ctx context.Context, ev T) error, cfg ConsumerConfig[T]) *Consumer[T] {
	return newConsumer(p, name, handlers[T]{one: handle}, cfg)
}

// NewSliceConsumer makes a consumer whose handler is given several events at a
// time, as many as its subscription allows; see [Lazy] and [Demand].
//
// The handler may not keep evs, which is memory of the queue, and what it changes
// in it is seen by a retry. An error is the failure of all events in it, unless
// it is, or wraps, a [*SliceError].
func NewSliceConsumer[T any](p *Pipeline, name string, handle func(ctx context.Context, evs []T) error, cfg ConsumerConfig[T]) *Consumer[T] {
	return newConsumer(p, name, handlers[T]{slice: handle}, cfg)
}

func newConsumer[T any](p *Pipeline, name string, handle handlers[T], cfg ConsumerConfig[T]) *Consumer[T] {
	c := &Consumer[T]{}
	if handle.one == nil && handle.slice == nil {
		c.wrong = errNoHandler(name)
	}
	c.setUp(p, name, "consumer", c, handle, cfg)
	p.add(c, nil)
	return c
}

func errNoHandler(of string) error { return &SettingError{of, "handler", "nil", "a function"} }

// setUp fills in what the kinds of stages with workers share. Self is the stage.
func (c *Consumer[T]) setUp(p *Pipeline, name, kind string, self node, handle handlers[T], cfg ConsumerConfig[T]) {
	c.inlet.setUp(p, name, kind)
	c.self, c.size, c.handle, c.slices = self, c.crew.wanted, handle, handle.slice != nil
	c.onErr, c.onEnd, c.observe, c.timeout = cfg.OnError, cfg.OnEnd, cfg.Observe, cfg.Timeout
	c.crew.target = max(cfg.Workers, 1)
	switch {
	case c.wrong != nil:
	case cfg.Workers < 0 || cfg.Workers > maxWorkers:
		c.wrong = &SettingError{name, "Workers", cfg.Workers, "0 to 1,000,000"}
	default:
		c.wrong = c.checkInlet()
	}
}

// Serve runs the workers until the stage ends: nil after the end of all that it
// takes from, after Leave, and at the end of a drain; the cause of ctx when that
// ends; a [*StageError] when its policy said Stop or what it takes from failed.
// It returns when the last handler has. It may be called again unless the stage
// has left; whatever was dealt out and not begun is back in its queue by then.
// Under a supervisor make it a child that is started again only after an abnormal
// end (Transient in package supervise): nil means that there is nothing to do.
func (c *Consumer[T]) Serve(ctx context.Context) error { return c.serve(ctx, func() {}) }

func (c *Consumer[T]) serve(ctx context.Context, began func()) (err error) {
	ctx, unhook, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = c.finish() }()
	defer unhook()
	c.announce()
	began()
	for !c.stop.Load() {
		c.adjust(ctx)
		if !c.stop.Load() {
			<-c.changed
		}
	}
	return nil
}

// finish waits for what is in hand.
func (c *Consumer[T]) finish() error {
	c.withdraw()
	c.crew.wakeAll()
	for c.crew.live() > 0 {
		<-c.changed
	}
	return c.shut()
}

// adjust brings the crew to its target, and looks whether there is work to come.
func (c *Consumer[T]) adjust(ctx context.Context) {
	for range c.crew.missing() {
		w := newWorker(c)
		c.crew.join(w)
		go w.run(ctx)
	}
	c.crew.wakeAll() // subscriptions may have come or gone
	c.consider()
}

// Resize changes the number of workers, 1 to 1,000,000, at any time, and does not
// wait. While the stage serves, new ones start at once; spare ones end when what they
// have in hand is finished. Out of bounds it returns a [*SettingError] and changes
// nothing.
func (c *Consumer[T]) Resize(workers int) error {
	if workers < 1 || workers > maxWorkers {
		return &SettingError{c.name, "workers", workers, "1 to 1,000,000"}
	}
	c.crew.resize(workers)
	c.staff()
	poke(c.changed)
	return nil
}

func (c *Consumer[T]) snapshot() StageSnapshot {
	s := c.base.read()
	s.Workers, s.Target = c.crew.live(), c.crew.wanted()
	return s
}
