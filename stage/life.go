package stage

import "context"

// EndMode says what the end of what it takes from means to a stage.
type EndMode uint8

// The modes.
const (
	// Transient ends the stage when all its subscriptions have ended: in order
	// after the end of the outlets, with an [*UpstreamError] if one failed.
	Transient EndMode = iota
	// Temporary lets it wait for the next subscription. A drain ends it.
	Temporary
)

// Leave takes the stage out of its pipeline, in order: its inboxes return to
// their queues at once, what is in hand is finished, and Serve returns nil. It
// does not wait for that; the stage shows as leaving. A stage that does not serve
// is gone at once.
func (in *inlet[T]) Leave() {
	for _, s := range *in.subs.Load() {
		s.cancel(nil)
	}
	in.mu.Lock()
	serving := in.serving
	if serving {
		in.state = Leaving
	} else {
		in.left, in.state = true, Done
	}
	in.mu.Unlock()
	if serving {
		in.conclude(ending{state: Done, final: true})
		return
	}
	if dead := in.deadHub(); dead != nil {
		dead.close(nil)
	}
	in.pipe.remove(in.self)
}

// interrupt ends the Serve that ctx belongs to. It may come late, when that has
// ended and another runs.
func (in *inlet[T]) interrupt(ctx context.Context) {
	in.endMu.Lock()
	if in.current == ctx {
		in.decide(ending{state: Stopped, err: context.Cause(ctx)})
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
	in.endMu.Lock()
	draining := in.draining
	in.endMu.Unlock()
	subs := *in.subs.Load()
	var failed error
	for _, s := range subs {
		if !s.gone.Load() {
			return
		}
		if err := s.cause(); err != nil && failed == nil {
			failed = &UpstreamError{s.hub.name, err}
		}
	}
	switch {
	case in.onEnd == Transient && failed != nil: // in a drain too, which that failure may have begun
		in.conclude(ending{state: Failed, err: &StageError{in.name, failed}})
	case draining, len(subs) > 0 && in.onEnd == Transient:
		in.conclude(ending{state: Done})
	}
}

// open begins a Serve: subscriptions ask, and the end of ctx is an ending.
func (in *inlet[T]) open(ctx context.Context, crew int) (context.Context, func() bool, error) {
	in.joinMu.Lock() // who subscribes, or leaves the last Serve, does so before or after
	ctx, err := in.begin(ctx)
	if err != nil {
		in.joinMu.Unlock()
		return nil, nil, err
	}
	in.endMu.Lock()
	in.current = ctx
	in.endMu.Unlock()
	in.size = crew
	for _, s := range *in.subs.Load() {
		s.attach(crew)
	}
	in.joinMu.Unlock()
	in.pipe.tell(StageStarted{in.name, in.kind}) // it has asked
	unhook := context.AfterFunc(ctx, func() { in.interrupt(ctx) })
	return ctx, unhook, nil
}

// shut ends a Serve, when nothing is in hand any more.
func (in *inlet[T]) shut() error {
	in.joinMu.Lock()
	in.detach() // those that have joined since
	e := in.chosen()
	if dead := in.deadHub(); dead != nil && (e.state == Done || e.final) {
		dead.close(nil)
	}
	in.end(e)
	e.final = in.forget()
	in.joinMu.Unlock()
	if e.final {
		in.Leave()
	}
	return in.tellEnd(e)
}

// chosen is the ending that was decided on.
func (in *inlet[T]) chosen() ending {
	in.endMu.Lock()
	defer in.endMu.Unlock()
	return *in.ending
}

// forget makes room for the next Serve. It says whether the stage was asked to
// leave, be it at the last moment.
func (in *inlet[T]) forget() (final bool) {
	in.endMu.Lock()
	defer in.endMu.Unlock()
	final = in.ending.final
	in.current, in.ending = nil, nil
	in.stop.Store(false)
	return final
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
	if dead := in.deadHub(); dead != nil && in.allGone() {
		dead.close(nil)
	}
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
func (in *inlet[T]) fail(error)  {}
