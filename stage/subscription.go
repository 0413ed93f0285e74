package stage

import (
	"cmp"
	"time"
)

// Outlet is where events come from: a [Queue], a [Producer], what a [Transform] or
// a [Batcher] makes, or the DeadLetters of a stage. Its subscribers compete: each
// event goes to one of them. The interface is sealed.
type Outlet[T any] interface {
	// outlet is the hub for a stage of that name with those settings.
	outlet(of string, set subSettings) (*hub[T], error)
}

// outlet makes a hub the [Outlet] of dead letters.
func (h *hub[T]) outlet(of string, set subSettings) (*hub[T], error) { return h.plain(of, set) }

// plain is the hub itself, for subscribers that compete.
func (h *hub[T]) plain(of string, set subSettings) (*hub[T], error) {
	if set.where != nil || set.lag > 0 {
		return nil, &SettingError{of, "Where or Lag", h.name, "a Broadcast"}
	}
	if h.lanes != nil && set.handout != lazy {
		return nil, errOnlyLazy(of, h.name)
	}
	return h, h.refused()
}

func errOnlyLazy(of, outlet string) error {
	return &SettingError{of, "hand-out", "ahead", "Lazy, as " + outlet + " is a Partition"}
}

// Subscription joins one stage to one outlet. It outlives the Serve of its
// stage: whenever that runs, it asks. Its methods may be called at any time and
// from any goroutine.
type Subscription struct{ link }

// link is a sub without its type.
type link interface {
	set(subSettings) error
	settings() subSettings
	cancel(cause error)
	ask(n int) error
	pending() int
	ended() <-chan struct{}
	cause() error
}

// Cancel ends the subscription. Its demand is withdrawn and events that no
// handler has begun return to the queue, in order, before Cancel returns; what is
// in hand is finished. The stage goes on, and may subscribe anew.
func (s *Subscription) Cancel(cause error) { s.cancel(cause) }

// Set changes how events are handed out, live: what opts say, and nothing else. What
// was dealt out already stays where it is; demand not served yet that exceeds the new bound is withdrawn. It
// fails with ErrEnded once the subscription is over, or with a [*SettingError],
// and then changes nothing.
func (s *Subscription) Set(opts ...SubOption) error {
	o, err := apply(s.settings(), opts)
	if err != nil {
		return err
	}
	return s.set(o)
}

// Ask asks for n more events, of a [Manual] subscription; of others it fails with
// [ErrAutomatic]. What is asked while the stage does not serve is asked when it
// does. It fails with a [*SettingError] below 0, and when more than MaxDemand would
// be pending, and with ErrEnded once the subscription is over.
func (s *Subscription) Ask(n int) error { return s.ask(n) }

// Pending is how many events were asked for and have not come yet. A lazy
// subscription does not ask ahead: 0.
func (s *Subscription) Pending() int { return s.pending() }

// Done is closed when the subscription is over: after the end of its outlet, or
// after a Cancel when nothing is in hand any more.
func (s *Subscription) Done() <-chan struct{} { return s.ended() }

// Err is why the subscription is over: nil before that, after the end of its
// outlet in order, and after Cancel(nil).
func (s *Subscription) Err() error { return s.cause() }

// SubOption is a setting of a subscription: how it gets its events, [Lazy],
// [Demand] or [Manual], how many at most, [Rate], and of a [Broadcast] which,
// [Where], and how far behind, [Lag].
type SubOption func(*subSettings)

type subSettings struct {
	of       string
	handout  handout
	max, min int
	manual   bool
	slice    int
	target   time.Duration
	rate     float64 // events a second; 0: no bound
	burst    int
	where    any // a func(T) bool
	lag      int
	lagMode  LagMode
	err      error
}

const (
	defaultSlice  = 1024
	defaultTarget = time.Millisecond
)

// Lazy leaves events in the queue until a worker is free: the default, as
// Lazy(1024, time.Millisecond). Every worker helps at once, whenever it comes,
// and nothing is stuck behind a slow one.
//
// A slice handler is given at most max events at a time, and no more than it is
// likely to handle within target, by what earlier ones took; and never more than
// its share of what waits. A single-event handler is given one, whatever max. max
// is 1 to 1024; 0 stands for the default, of both.
func Lazy(max int, target time.Duration) SubOption {
	return func(o *subSettings) {
		switch {
		case max < 0 || max > maxInChunk:
			o.err = &SettingError{o.of, "Lazy max", max, "0 to 1024"}
		case target < 0:
			o.err = &SettingError{o.of, "Lazy target", target, "0 or more"}
		}
		o.handout, o.slice, o.target = lazy, cmp.Or(max, defaultSlice), cmp.Or(target, defaultTarget)
	}
}

// Demand asks ahead, exactly as a GenStage consumer with max_demand and
// min_demand does: for max events first, and whenever no more than min of those
// asked for are unfinished, for as many as make it max again. What comes goes to
// the subscription with the largest demand (of equals, to the one that has
// waited longest) and waits in its inbox; a slice handler is given at most
// max - min at a time. A min of max/2 is GenStage's default.
//
// It is for handlers that are fast and many: the queue is touched once in max-min
// events. Its price is that a worker who comes later cannot help with what is in
// an inbox; see [Queue.Rebalance].
func Demand(max, min int) SubOption {
	return func(o *subSettings) {
		switch {
		case max < 1 || max > MaxDemand:
			o.err = &SettingError{o.of, "Demand max", max, "1 to 1,000,000"}
		case min < 0 || min >= max:
			o.err = &SettingError{o.of, "Demand min", min, "0 to max-1"}
		}
		o.handout, o.max, o.min, o.manual = prefetch, max, min, false
	}
}

// Manual leaves the asking to you: events come only as far as [Subscription.Ask]
// has asked for them, and wait in the inbox of the subscription, whatever is
// finished. A slice handler is given all of them that have come. Where nothing was
// asked nothing comes: a queue fills, and a [Broadcast] waits.
//
// An event that is tried again comes anew, and has to be asked for anew. One that
// returns because its stage stops is still asked for.
func Manual() SubOption {
	return func(o *subSettings) { o.handout, o.max, o.min, o.manual = prefetch, MaxDemand, 0, true }
}

// Rate bounds how many events the stage begins with through this subscription: so
// many a second, evenly, after at most burst at once, which is what gathers while
// nothing comes. A worker that finds the time not yet come waits. Meanwhile, other
// subscriptions take what waits in the queue; what was dealt out to this one's inbox
// ([Demand]) waits there. A burst of 0 is 1; a rate of 0
// lifts the bound. Events that are tried again use it up as others do. It holds in a
// drain too: what it protects is no faster then.
//
// It is a token bucket: there is no window at whose edge twice as many could come.
func Rate(perSecond float64, burst int) SubOption {
	return func(o *subSettings) {
		switch {
		case !(perSecond >= 0) || perSecond > 1e9:
			o.err = &SettingError{o.of, "Rate", perSecond, "0 to a thousand million"}
		case burst < 0 || burst > MaxDemand:
			o.err = &SettingError{o.of, "Rate burst", burst, "0 to 1,000,000"}
		}
		o.rate, o.burst = perSecond, max(burst, 1)
	}
}

// MaxDemand is the largest max of [Demand].
const MaxDemand = 1_000_000

func apply(o subSettings, opts []SubOption) (subSettings, error) {
	for _, opt := range opts {
		if opt == nil {
			return o, &SettingError{o.of, "option", "nil", "Lazy, Demand, Manual or Rate"}
		}
		if opt(&o); o.err != nil {
			return o, o.err
		}
	}
	return o, nil
}

func defaultSettings(of string) subSettings {
	return subSettings{of: of, handout: lazy, slice: defaultSlice, target: defaultTarget}
}

func (s *sub[T]) settings() subSettings {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return subSettings{
		of: s.stage, handout: s.handout, max: s.window.max, min: s.window.min, manual: s.window.manual,
		slice: s.pace.max, target: time.Duration(s.pace.target),
		rate: s.bucket.rate, burst: s.bucket.burst,
	}
}

func (s *sub[T]) ask(n int) error {
	h := s.hub
	h.mu.Lock()
	defer h.unlock()
	switch {
	case s.gone.Load() || s.leaving:
		return ErrEnded
	case s.handout != prefetch || !s.window.manual:
		return ErrAutomatic
	case n < 0 || n > MaxDemand-s.claim.credit-s.window.owed:
		return &SettingError{s.stage, "Ask", n, "0 or more, and no more than 1,000,000 pending"}
	}
	if !s.attached {
		s.window.owed += n
		return nil
	}
	h.pass(h.clock())
	s.window.unfinished += n
	h.line.ask(&s.claim, n)
	h.balance()
	return nil
}

// askAgain: what it has asked for came, and has returned as if it had not.
func (s *sub[T]) askAgain() {
	switch {
	case !s.window.manual || s.leaving || s.gone.Load():
	case s.attached:
		s.window.unfinished++
		s.hub.line.ask(&s.claim, 1)
	default:
		s.window.owed++
	}
}

func (s *sub[T]) pending() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.leaving || s.gone.Load() {
		return 0
	}
	return s.claim.credit + s.window.owed
}

func (s *sub[T]) ended() <-chan struct{} { return s.over }

func (s *sub[T]) cause() error {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if !s.gone.Load() {
		return nil
	}
	return s.err
}
