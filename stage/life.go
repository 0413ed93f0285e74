package stage

import (
	"context"
	"slices"
)

// EndMode says what the end of what it takes from means to a stage.
type EndMode uint8

// The modes.
const (
	// Transient ends the stage when all outlets that it takes from have ended: in
	// order, or with an [*UpstreamError] if one failed for good. A subscription that
	// was cancelled does not count. Only Run makes the failure of a producer one for
	// good: elsewhere its takers wait for it to be served again.
	Transient EndMode = iota
	// Temporary lets it wait for the next subscription. A drain ends it.
	Temporary
	// Permanent is for what must never end: the end of any outlet that it takes from
	// is the stage's failure, with an [*UpstreamError], be it in order (then that of
	// [ErrEnded]). A drain ends it in order.
	Permanent
)

// Leave takes the stage out of its pipeline, in order: its inboxes return to
// their queues at once, what is in hand is finished, and Serve returns nil. It
// does not wait for that; the stage shows as leaving. A stage that does not serve
// is gone at once, and so is one that was refused for its settings.
func (in *inlet[T]) Leave() {
	serving := in.leaveServe() // first, so that no subscription is added any more
	for _, s := range *in.subs.Load() {
		s.cancel(nil)
	}
	if serving {
		return
	}
	in.endDependents()
	in.pipe.forgive(in.wrong)
	in.pipe.remove(in.self)
	for _, o := range in.dependents() {
		o.leaveWith(in.self)
	}
}

// leaveServe lets the Serve that is under way end the stage, or else marks it as
// gone. The end of a Serve comes before or after.
func (in *inlet[T]) leaveServe() (serving bool) {
	in.joinMu.Lock()
	defer in.joinMu.Unlock()
	in.mu.Lock()
	if serving = in.serving; serving {
		in.state = StateLeaving
	} else {
		in.left, in.state = true, StateDone
	}
	in.mu.Unlock()
	if serving {
		in.conclude(ending{state: StateDone, final: true})
	}
	return serving
}

// interrupt ends the Serve that ctx belongs to. It may come late, when that has
// ended and another runs.
func (in *inlet[T]) interrupt(ctx context.Context) {
	in.endMu.Lock()
	if in.current == ctx {
		in.decide(ending{state: StateStopped, err: context.Cause(ctx)})
	}
	in.endMu.Unlock()
	poke(in.changed)
}

// conclude chooses how Serve ends, unless that was decided already.
func (in *inlet[T]) conclude(e ending) {
	in.endMu.Lock()
	in.decide(e)
	in.endMu.Unlock()
	poke(in.changed)
}

func (in *inlet[T]) decide(e ending) {
	if in.ending == nil {
		in.ending = &e
		in.stop.Store(true)
	} else if e.final { // however it ends, it is not to come back
		in.ending.final = true
	}
}

// consider looks whether there is still something to take from, now or later.
func (in *inlet[T]) consider() {
	draining := in.isDraining()
	if in.onEnd == Temporary {
		in.dropGone()
	}
	subs := *in.subs.Load()
	var failed error
	open := false
	for _, s := range subs {
		if !s.gone.Load() {
			open = true
			continue
		}
		if failed == nil {
			failed = in.upstream(s, draining)
		}
	}
	switch {
	case failed != nil && (!open || in.onEnd == Permanent): // in a drain too, which that failure may have begun
		in.conclude(ending{state: StateFailed, err: &StageError{in.name, failed}})
	case open:
	case draining, in.isSpent(), len(subs) > 0 && in.onEnd != Temporary:
		in.conclude(ending{state: StateDone})
	}
}

// upstream is what the end of a subscription means to the stage, if it is a
// failure.
func (in *inlet[T]) upstream(s *sub[T], draining bool) error {
	switch err := s.cause(); {
	case in.onEnd == Temporary:
	case err != nil:
		return &UpstreamError{s.hub.name, err}
	case in.onEnd == Permanent && !draining:
		return &UpstreamError{s.hub.name, ErrEnded}
	}
	return nil
}

// dropGone forgets subscriptions that are over, which say nothing to a stage that
// waits for others.
func (in *inlet[T]) dropGone() {
	in.joinMu.Lock()
	defer in.joinMu.Unlock()
	if subs := *in.subs.Load(); slices.ContainsFunc(subs, isGone[T]) {
		left := slices.DeleteFunc(slices.Clone(subs), isGone[T])
		in.subs.Store(&left)
		poke(in.changed) // the workers leave their seats there
	}
}

func isGone[T any](s *sub[T]) bool { return s.gone.Load() }

// open begins a Serve: subscriptions ask, and the end of ctx is an ending.
func (in *inlet[T]) open(ctx context.Context) (context.Context, func() bool, error) {
	in.joinMu.Lock() // who subscribes, or leaves the last Serve, does so before or after
	if in.isSpent() && !in.allGone() {
		in.joinMu.Unlock()
		return nil, nil, &StageError{in.name, ErrEnded}
	}
	ctx, err := in.begin(ctx)
	if err != nil {
		in.joinMu.Unlock()
		return nil, nil, err
	}
	in.endMu.Lock()
	in.current = ctx
	in.endMu.Unlock()
	for _, s := range *in.subs.Load() {
		s.attach(in.size())
	}
	in.joinMu.Unlock()
	unhook := context.AfterFunc(ctx, func() { in.interrupt(ctx) })
	return ctx, unhook, nil
}

// announce tells that the stage has asked. The hook is foreign code: it is called
// when the end of Serve is arranged for.
func (in *inlet[T]) announce() { in.pipe.tell(StageStarted{in.name, in.kind}) }

// shut ends a Serve, when nothing is in hand any more.
func (in *inlet[T]) shut() error {
	in.limits.flush(in.pipe, in.name)
	in.joinMu.Lock()
	in.detach() // those that have joined since
	e := in.chosen()
	in.end(e)
	in.forget()
	in.joinMu.Unlock()
	switch {
	case e.final:
		in.Leave()
	case e.state == StateDone, in.isDraining() && in.allGone():
		in.endDependents()
	}
	return in.tellEnd(e)
}

// endDependents ends what lives no longer than the stage: what it makes events
// for, its dead letters, and the queues that it feeds.
func (in *inlet[T]) endDependents() {
	in.mu.Lock()
	in.spent = in.outs != nil
	in.mu.Unlock()
	for _, o := range in.dependents() {
		o.close(nil)
	}
	in.pipe.feederEnded(in.self)
}

func (in *inlet[T]) dependents() (all []dependent) {
	if in.outs != nil {
		all = in.outs()
	}
	if dead := in.deadHub(); dead != nil {
		all = append(all, dead)
	}
	return all
}

// chosen is the ending that was decided on.
func (in *inlet[T]) chosen() ending {
	in.endMu.Lock()
	defer in.endMu.Unlock()
	return *in.ending
}

// forget makes room for the next Serve.
func (in *inlet[T]) forget() {
	in.endMu.Lock()
	defer in.endMu.Unlock()
	in.current, in.ending = nil, nil
	in.stop.Store(false)
}

// drain lets the stage end as soon as nothing is left to take.
func (in *inlet[T]) drain() {
	in.endMu.Lock()
	in.draining = true
	in.endMu.Unlock()
	if in.isServing() {
		poke(in.changed)
		return
	}
	if in.allGone() {
		in.endDependents()
	}
}

func (in *inlet[T]) isDraining() bool {
	in.endMu.Lock()
	defer in.endMu.Unlock()
	return in.draining
}

func (in *inlet[T]) isSpent() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.spent
}

func (in *inlet[T]) allGone() bool {
	for _, s := range *in.subs.Load() {
		if !s.gone.Load() {
			return false
		}
	}
	return true
}

func (in *inlet[T]) feeds() bool { return false }

// fail: the stage has failed, and is not served again. What it makes events for
// has failed with it.
func (in *inlet[T]) fail(err error) {
	if in.outs != nil {
		for _, o := range in.outs() {
			o.close(err)
		}
	}
	in.endDependents()
}
