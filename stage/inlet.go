package stage

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

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

// inlet is the taking side of a stage: its subscriptions, and the end of its
// Serve.
type inlet[T any] struct {
	base
	slices bool // its handler takes slices
	spawns bool
	onEnd  EndMode
	onErr  func(Failure[T]) Verdict

	self   node
	joinMu sync.Mutex // held while subscriptions join, ask or withdraw: one at a time
	size   int        // of the crew; guarded by joinMu

	subs    atomic.Pointer[[]*sub[T]] // replaced under base.mu, read without
	stop    atomic.Bool               // an ending was chosen: take nothing more
	changed chan struct{}             // Serve is to look again

	endMu    sync.Mutex      // guards what follows
	current  context.Context // of the present Serve
	ending   *ending
	draining bool

	dead   *hub[Failure[T]] // made when asked for; guarded by base.mu
	limits failureLog
}

func (in *inlet[T]) setUp(p *Pipeline, name, kind string) {
	in.pipe, in.name, in.kind = p, name, kind
	in.changed = make(chan struct{}, 1)
	in.subs.Store(new([]*sub[T]))
}

// Subscribe makes the stage take from o as well, from now on; when it returns,
// and the stage serves, it has asked. It fails, and changes nothing, with a
// [*SettingError] for an option out of bounds or an outlet of another pipeline,
// and with ErrEnded after Leave.
func (in *inlet[T]) Subscribe(o Outlet[T], opts ...SubOption) (*Subscription, error) {
	set, err := apply(defaultSettings(in.name), opts)
	if err != nil {
		return nil, err
	}
	h := o.outlet()
	if h.pipe != in.pipe {
		return nil, &SettingError{in.name, "outlet", h.name, "one of pipeline " + in.pipe.name}
	}
	s := newSub(h, in.name, in.slices, set)
	s.spawner, s.notify = in.spawns, in.changed
	if err := in.enroll(s); err != nil {
		return nil, err
	}
	in.pipe.tell(Subscribed{in.name, h.name})
	return &Subscription{subHook[T]{s, in}}, nil
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
		s.attach(in.size)
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
	case in.left || in.state == Leaving:
		return false, &StageError{in.name, ErrEnded}
	}
	return in.serving, nil
}

// staff tells the subscriptions how many workers there are.
func (in *inlet[T]) staff(size int) {
	in.joinMu.Lock()
	defer in.joinMu.Unlock()
	in.size = size
	for _, s := range *in.subs.Load() {
		s.setCrew(size)
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

// DeadLetters is the outlet of the events that the policy gave up with
// DeadLetter. It has room for 1024; when it is full the handlers that add to it
// wait. It ends with the stage. Unless it was asked for before, such events are
// only counted.
func (in *inlet[T]) DeadLetters() Outlet[Failure[T]] {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.dead == nil {
		in.dead = newHub[Failure[T]](in.pipe, in.name+"/dead-letters", defaultBuffer)
		in.dead.of = in.self
		in.pipe.addHub(in.dead)
	}
	return in.dead
}

func (in *inlet[T]) deadHub() *hub[Failure[T]] {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.dead
}

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
	ctx, err := in.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	in.endMu.Lock()
	in.current = ctx
	in.endMu.Unlock()
	in.pipe.tell(StageStarted{in.name, in.kind})
	in.joinMu.Lock()
	in.size = crew
	for _, s := range *in.subs.Load() {
		s.attach(crew)
	}
	in.joinMu.Unlock()
	unhook := context.AfterFunc(ctx, func() { in.interrupt(ctx) })
	return ctx, unhook, nil
}

// withdraw gives back what no handler has begun, before what is in hand is waited
// for: a handler that does not come back must not keep the rest.
func (in *inlet[T]) withdraw() {
	in.joinMu.Lock()
	in.detach()
	in.joinMu.Unlock()
}

func (in *inlet[T]) detach() {
	for _, s := range *in.subs.Load() {
		s.detach()
	}
}

// shut ends a Serve, when nothing is in hand any more.
func (in *inlet[T]) shut() error {
	in.endMu.Lock()
	e := *in.ending
	in.current, in.ending = nil, nil
	in.stop.Store(false)
	in.endMu.Unlock()
	in.joinMu.Lock() // a subscription that joins now finds nobody serving
	in.detach()
	if dead := in.deadHub(); dead != nil && (e.state == Done || e.final) {
		dead.close(nil)
	}
	in.end(e)
	in.joinMu.Unlock()
	if e.final {
		in.pipe.remove(in.self)
	}
	return in.tellEnd(e)
}

// judge decides what becomes of the i-th event in hand, which failed.
func (in *inlet[T]) judge(ctx context.Context, hd *hand[T], i int, err error) fate {
	if ctx.Err() != nil && !isPanic(err) {
		in.interrupt(ctx)             // or the worker may find the event again before the end is chosen
		return fate{i: i, back: true} // it was told to leave: not the event's failure
	}
	seq, _, attempt, tries := hd.place(i)
	f := Failure[T]{Stage: in.name, Event: hd.evs[i], Seq: seq, Attempt: attempt + 1, Tries: tries + 1, Err: err}
	v := in.verdict(f)
	in.limits.note(in.pipe, in.name, f.Attempt, v.Action, err)
	in.pipe.tell(EventFailed{in.name, hd.sub.hub.name, seq, f.Attempt, v.Action, err})
	switch v.Action {
	case DeadLetter:
		if dead := in.deadHub(); dead != nil && !in.bury(ctx, dead, f) {
			return fate{i: i, back: true}
		}
	case Stop:
		in.conclude(ending{state: Failed, err: &StageError{in.name, err}})
	}
	return fate{i: i, what: v.Action, after: v.After, unspent: v.Unspent, err: err}
}

// bury puts a failure into the dead letters, waiting for room.
func (in *inlet[T]) bury(ctx context.Context, dead *hub[Failure[T]], f Failure[T]) bool {
	p := &pusher[Failure[T]]{one: [1]Failure[T]{f}}
	p.evs = p.one[:]
	_, err := dead.put(ctx, p)
	return err == nil || errors.Is(err, ErrClosed) // it has ended: only counted
}

// verdict asks the policy; one that panics drops the event.
func (in *inlet[T]) verdict(f Failure[T]) (v Verdict) {
	if in.onErr == nil {
		return Verdict{}
	}
	defer func() {
		if x := recover(); x != nil {
			v = Verdict{}
			in.pipe.cfg.Logger.Error("error policy panicked; event dropped", "stage", in.name, "panic", x)
		}
	}()
	return in.onErr(f)
}

// report tells Config.Observe of a call whose hand has not been settled yet.
func (in *inlet[T]) report(hd *hand[T], now int64) {
	seq, stamp, attempt, _ := hd.place(0)
	r := Handled{
		Stage: in.name, Outlet: hd.sub.hub.name, Seq: seq, Events: hd.n, Attempt: attempt + 1,
		Accepted: ns(stamp), BufferWait: ns(hd.inboxed - stamp),
		InboxWait: ns(hd.taken - hd.inboxed), Service: ns(now - hd.taken),
		Done: hd.n - len(hd.fates),
	}
	for _, f := range hd.fates {
		switch {
		case f.settles():
			r.Failed++
		case f.back || f.what == Stop:
			r.Returned++
		default:
			r.Retried++
		}
	}
	in.pipe.cfg.Observe(r)
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

func isPanic(err error) bool {
	_, is := errors.AsType[*PanicError](err)
	return is || errors.Is(err, ErrGoexit)
}
