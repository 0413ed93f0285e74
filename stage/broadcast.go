package stage

import (
	"context"
	"slices"
)

// BroadcastConfig are the settings of a broadcast. The zero value is good.
type BroadcastConfig struct {
	// Buffer bounds how many events may wait for each subscriber; see [QueueConfig].
	Buffer int
	// OnEnd is as in [ConsumerConfig].
	OnEnd EndMode
}

// Broadcast is a stage that gives each event to all of its subscribers: an [Outlet]
// whose subscribers do not compete. The events are in memory once; each subscriber
// has its own place in them, its own demand, retries and books, as the outlet
// "name/stage".
//
// Nothing is lost and all see the same order, from where they joined: an event is
// taken only when every subscriber wants one more. So the slowest sets the pace, and
// one that does not ask, or whose stage is not served, lets the others wait. A
// subscription that asks ahead ([Demand]) gives the others that much of a lead;
// [Lag] lets one fall behind at its own cost; [Where] keeps from it what it does not
// want, which it need not ask for. Without subscribers nothing is taken.
//
// What leaves when a subscription is cancelled is dropped, and told as
// [EventsDropped]. A handler of slices must not change its slice: the others see it
// too.
type Broadcast[T any] struct {
	inlet[T]
	to branches[T]
}

// NewBroadcast makes a broadcast.
func NewBroadcast[T any](p *Pipeline, name string, cfg BroadcastConfig) *Broadcast[T] {
	b := &Broadcast[T]{}
	b.setUp(p, name, "broadcast")
	b.self, b.size = b, func() int { return 1 }
	b.slices, b.onEnd = true, cfg.OnEnd
	b.to.set(b, QueueConfig{Buffer: cfg.Buffer}, b.changed)
	b.outs = func() []dependent { return []dependent{&b.to} }
	if b.wrong = (QueueConfig{Buffer: cfg.Buffer}).check(name); b.wrong == nil {
		b.wrong = b.checkInlet()
	}
	p.add(b, nil)
	return b
}

func (b *Broadcast[T]) outlet(of string, set subSettings) (*hub[T], error) {
	if err := b.refused(); err != nil {
		return nil, err
	}
	return b.to.join(of, set)
}

// refused is what is wrong with it.
func (b *Broadcast[T]) refused() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wrong
}

// Serve passes events on until the stage ends, as [Consumer.Serve] does.
func (b *Broadcast[T]) Serve(ctx context.Context) error { return b.serve(ctx, func() {}) }

func (b *Broadcast[T]) serve(ctx context.Context, began func()) (err error) {
	ctx, unhook, err := b.open(ctx)
	if err != nil {
		return err
	}
	p := &puller[T]{in: &b.inlet}
	defer func() { err = b.finish(p) }()
	defer unhook()
	b.announce()
	began()
	for {
		if ctx.Err() != nil {
			b.interrupt(ctx) // now, and not when the context gets round to it
		}
		passed := b.pass(p)
		b.consider()
		if b.stop.Load() {
			return nil
		}
		if !passed {
			<-b.changed
		}
	}
}

// pass gives as many events to all as all of them want.
func (b *Broadcast[T]) pass(p *puller[T]) bool {
	most, by := b.to.wanted()
	if most == 0 {
		p.close()
		return false
	}
	if !p.pull(most) {
		return false
	}
	defer p.settle() // whatever Where and the hook do: what was not given to all returns
	b.to.give(by, slices.Clone(p.hand.events()), b.pipe.now())
	p.next = p.hand.n
	return true
}

func (b *Broadcast[T]) finish(p *puller[T]) error {
	b.withdraw()
	p.close()
	b.to.leaveDoors()
	return b.shut()
}

func (b *Broadcast[T]) snapshot() StageSnapshot {
	s := b.base.read()
	s.Workers, s.Target = 1, 1
	return s
}
