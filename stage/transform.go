package stage

import (
	"context"
	"time"
)

// TransformConfig are the settings of a transform. The zero value is good.
type TransformConfig[In any] struct {
	// Workers, OnError, OnEnd, Timeout and Observe are as in [ConsumerConfig]. With more
	// than one worker events leave in another order than they came.
	Workers int
	OnError func(Failure[In]) Verdict
	OnEnd   EndMode
	Timeout time.Duration
	Observe func(Handled, []In)
	// Buffer bounds what was made and waits to be taken, as [QueueConfig].Buffer
	// does: emit waits while it is full.
	Buffer int
}

// Transform is a stage that takes events and makes others of them, none or many
// of each: GenStage's producer-consumer. It is an [Outlet] of what it makes, under
// its own name.
//
// It is a [Consumer] too, with all of its methods. It works on demand. Its workers take an event only while somebody has asked for
// what they make, so that nothing piles up in front of a slow stage but in the
// first queue; and what one event turns into beyond that fills Buffer, and then
// lets the worker wait. A filter that makes nothing goes on asking.
//
// Its outlet ends after the stage has: a drain, or the end of what it takes from,
// goes through in order. When [Pipeline.Run] runs it and it fails, those that take
// from it fail with an [*UpstreamError].
//
// What a handler has emitted is on its way, whatever it returns then: of an event that
// is tried again it is made again, at least once in all; of one that fails for good it
// stays.
type Transform[In, Out any] struct {
	Consumer[In]
	made *hub[Out]
}

// NewTransform makes a transform whose handler is given one event at a time.
//
// emit hands an event on, and waits while there is no room. It fails with the
// cause of the handler's context when that ends; the handler should return then,
// and its event returns to its queue. A handler that returns nil though emit
// failed is taken to have failed. emit is for the goroutine of the handler, and
// until that returns.
func NewTransform[In, Out any](p *Pipeline, name string, handle func(ctx context.Context, ev In, emit func(Out) error) error, cfg TransformConfig[In]) *Transform[In, Out] {
	t := newTransform[In, Out](p, name, cfg)
	return t.complete(handle != nil, func() handlers[In] {
		e := newEmitter(t.made)
		emit := e.one
		return handlers[In]{one: func(ctx context.Context, ev In) error {
			e.begin(ctx)
			return e.end(handle(ctx, ev, emit))
		}}
	}, cfg)
}

// NewSliceTransform makes a transform whose handler is given several events at a
// time, as that of [NewSliceConsumer] is. What it emits is handed on when it
// returns, or when 256 have been gathered: that is far cheaper. If it then fails as
// a whole, what was not handed on yet is forgotten; a [*SliceError] forgets
// nothing.
func NewSliceTransform[In, Out any](p *Pipeline, name string, handle func(ctx context.Context, evs []In, emit func(Out) error) error, cfg TransformConfig[In]) *Transform[In, Out] {
	t := newTransform[In, Out](p, name, cfg)
	return t.complete(handle != nil, func() handlers[In] {
		e := newEmitter(t.made)
		emit := e.gather
		return handlers[In]{slice: func(ctx context.Context, evs []In) error {
			e.begin(ctx)
			return e.end(handle(ctx, evs, emit))
		}}
	}, cfg)
}

func newTransform[In, Out any](p *Pipeline, name string, cfg TransformConfig[In]) *Transform[In, Out] {
	t := &Transform[In, Out]{made: newHub[Out](p, name, defaultBuffer)}
	queue := QueueConfig{Buffer: cfg.Buffer}
	if t.wrong = queue.check(name); t.wrong == nil {
		t.made.configure(queue)
	}
	t.made.from = []node{t}
	t.outs = func() []dependent { return []dependent{t.made} }
	t.gate = door[Out]{t.made}
	return t
}

func (t *Transform[In, Out]) complete(handled bool, own func() handlers[In], cfg TransformConfig[In]) *Transform[In, Out] {
	if !handled && t.wrong == nil {
		t.wrong = errNoHandler(t.made.name)
	}
	t.setUp(t.made.pipe, t.made.name, "transform", t, handlers[In]{own: own}, ConsumerConfig[In]{
		Workers: cfg.Workers, OnError: cfg.OnError, OnEnd: cfg.OnEnd, Timeout: cfg.Timeout, Observe: cfg.Observe,
	})
	t.slices = t.handle.own().slice != nil
	t.made.pipe.add(t, t.made)
	return t
}

func (t *Transform[In, Out]) outlet(of string, set subSettings) (*hub[Out], error) {
	return t.made.plain(of, set)
}

// Pause stops the hand-out of what was made, and with it the asking, as
// [Pipeline.Pause] does of all.
func (t *Transform[In, Out]) Pause() { t.made.pause(true) }

// Resume ends a Pause.
func (t *Transform[In, Out]) Resume() { t.made.pause(false) }

// Rebalance is as [Queue.Rebalance].
func (t *Transform[In, Out]) Rebalance() { t.made.rebalance() }
