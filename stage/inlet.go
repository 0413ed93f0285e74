package stage

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// inlet is the taking side of a stage: its subscriptions, and the end of its
// Serve.
type inlet[T any] struct {
	base
	slices bool // its handler takes slices
	spawns bool
	onEnd  EndMode
	onErr  func(Failure[T]) Verdict

	observe func(Handled, []T)
	timeout time.Duration // of one call of the handler; 0: none

	self   node
	joinMu sync.Mutex // held while subscriptions join, ask or withdraw: one at a time
	size   func() int // of the crew

	subs    atomic.Pointer[[]*sub[T]] // replaced under joinMu, read without
	stop    atomic.Bool               // an ending was chosen: take nothing more
	changed chan struct{}             // Serve is to look again

	endMu    sync.Mutex      // guards what follows
	current  context.Context // of the present Serve
	ending   *ending
	draining bool

	outs   func() []dependent // what a stage that makes events makes them for; nil: nothing
	spent  bool               // these have ended, and so nothing is to be taken any more; guarded by base.mu
	dead   *hub[Failure[T]]   // made when asked for; guarded by base.mu
	limits failureLog
}

// dependent is an outlet that lives no longer than its stage.
type dependent interface {
	close(err error)
	leaveWith(n node)
}

// checkInlet says what is wrong with the settings that all stages have that take.
func (in *inlet[T]) checkInlet() error {
	switch {
	case in.onEnd > Permanent:
		return &SettingError{in.name, "OnEnd", in.onEnd, "Transient, Temporary or Permanent"}
	case in.timeout < 0:
		return &SettingError{in.name, "Timeout", in.timeout, "0 or more"}
	}
	return nil
}

func (in *inlet[T]) setUp(p *Pipeline, name, kind string) {
	in.pipe, in.name, in.kind = p, name, kind
	in.changed = make(chan struct{}, 1)
	in.subs.Store(new([]*sub[T]))
}

// Subscribe makes the stage take from o as well, from now on; when it returns,
// and the stage serves, it has asked. It fails, and changes nothing, with a
// [*SettingError] for an option out of bounds or an outlet of another pipeline,
// with ErrCycle for one that is fed by this stage, and with ErrEnded after Leave, or
// when what the stage makes events for has ended.
func (in *inlet[T]) Subscribe(o Outlet[T], opts ...SubOption) (*Subscription, error) {
	set, err := apply(defaultSettings(in.name), opts)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, &SettingError{in.name, "outlet", "nil", "an outlet"}
	}
	h, err := o.outlet(in.name, set)
	if err != nil {
		return nil, err
	}
	if h.pipe != in.pipe {
		if h.deserted != nil {
			h.deserted()
		}
		return nil, &SettingError{in.name, "outlet", h.name, "one of pipeline " + in.pipe.name}
	}
	s := newSub(h, in.name, in.slices, set)
	s.by, s.spawner, s.notify = &in.base, in.spawns, in.changed
	if err := in.connect(s); err != nil {
		if h.deserted != nil {
			h.deserted()
		}
		return nil, err
	}
	in.pipe.tell(Subscribed{in.name, h.name})
	return &Subscription{subHook[T]{s, in}}, nil
}

// connect adds s, unless events would go in a circle.
func (in *inlet[T]) connect(s *sub[T]) error {
	in.pipe.graph.Lock()
	defer in.pipe.graph.Unlock()
	if leadsTo(in.self, s.hub) {
		return &StageError{in.name, fmt.Errorf("%w: %s is fed by it", ErrCycle, s.hub.name)}
	}
	return in.enroll(s)
}

func (in *inlet[T]) enroll(s *sub[T]) error {
	in.joinMu.Lock()
	defer in.joinMu.Unlock()
	serving, err := in.mayJoin()
	if err != nil {
		return err
	}
	subs := append(slices.Clone(*in.subs.Load()), s)
	in.subs.Store(&subs)
	s.join()
	if serving {
		s.attach(in.size())
		poke(in.changed)
	}
	return nil
}

func (in *inlet[T]) mayJoin() (serving bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.wrong != nil:
		return false, in.wrong
	case in.left || in.spent || in.state == StateLeaving:
		return false, &StageError{in.name, ErrEnded}
	}
	return in.serving && !in.stop.Load(), nil // one that is about to end asks when it is served again
}

// staff tells the subscriptions how many workers there are.
func (in *inlet[T]) staff() {
	in.joinMu.Lock()
	defer in.joinMu.Unlock()
	for _, s := range *in.subs.Load() {
		s.setCrew(in.size())
	}
}

// subHook adds to a sub what its stage has to do.
type subHook[T any] struct {
	*sub[T]
	in *inlet[T]
}

func (s subHook[T]) cancel(cause error) {
	s.in.joinMu.Lock()
	subs := slices.DeleteFunc(slices.Clone(*s.in.subs.Load()), func(o *sub[T]) bool { return o == s.sub })
	s.in.subs.Store(&subs) // first, so that the stage does not take it for an end
	s.in.joinMu.Unlock()
	s.sub.cancel(cause)
	poke(s.in.changed)
}

// loose says whether it waits for nothing, and did not say that it would.
func (in *inlet[T]) loose() bool { return in.onEnd != Temporary && len(*in.subs.Load()) == 0 }

// withdraw gives back what no handler has begun, before what is in hand is waited
// for: a handler that does not come back must not keep the rest.
func (in *inlet[T]) withdraw() {
	// Unless an ending was chosen: Serve was ended by a hook that panicked, or the like.
	in.conclude(ending{state: StateFailed, err: &StageError{in.name, ErrGoexit}})
	in.joinMu.Lock()
	in.detach()
	in.joinMu.Unlock()
}

func (in *inlet[T]) detach() {
	for _, s := range *in.subs.Load() {
		s.detach()
	}
}
