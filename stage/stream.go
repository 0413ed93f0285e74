package stage

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
)

// Stream yields the events of an outlet to a loop, in the goroutine of the caller:
//
//	for ev, err := range stage.Stream(ctx, jobs) {
//		if err != nil {
//			return err // ctx has ended, or the outlet failed
//		}
//		…
//	}
//
// Each loop is a subscriber of its own, and competes with the others, or joins them
// where o is a [Broadcast]. It asks as its options say and takes nothing beyond
// that. An event is done when the loop asks for the next or ends. Where it ends,
// by break, return or a panic, the subscription is over and what was not yielded
// is back in the outlet before the statement after the loop; after a panic the
// event that it had counts as failed. There are no retries: use a [Consumer] for
// those.
//
// The loop ends by itself with its outlet. The last err, and only that one, is not
// nil: the cause of ctx, the failure of the outlet, or what is wrong with the
// options. An outlet that is fed by stages must be run by its pipeline, or served;
// a drain waits for the loop. After a Run that has left something, a loop gets at it:
// over a queue it ends with the last; over what a stage has made it is to be left.
func Stream[T any](ctx context.Context, o Outlet[T], opts ...SubOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		s, err := newStreamer(o, opts)
		if err == nil {
			err = s.loop(ctx, yield)
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// streamsMade numbers the loops, so that snapshots tell them apart.
var streamsMade atomic.Uint64

// streamer is one loop over a stream.
type streamer[T any] struct {
	sub      *sub[T]
	hand     hand[T]
	waiter   waiter
	next     int  // the event in hand that is to be yielded
	yielding bool // the loop has it
}

func newStreamer[T any](o Outlet[T], opts []SubOption) (*streamer[T], error) {
	name := fmt.Sprintf("stream-%d", streamsMade.Add(1))
	if o == nil {
		return nil, &SettingError{name, "outlet", "nil", "an outlet"}
	}
	set, err := apply(defaultSettings(name), opts)
	if err != nil {
		return nil, err
	}
	if set.manual {
		return nil, &SettingError{name, "hand-out", "Manual", "Lazy or Demand: nobody could ask"}
	}
	wake := make(chan struct{}, 1)
	h, err := o.outlet(name, set)
	if err != nil {
		return nil, err
	}
	s := &streamer[T]{sub: newSub(h, name, true, set), waiter: waiter{wake: wake}}
	s.sub.notify = wake
	return s, nil
}

// loop yields until the outlet ends, ctx does, or the loop is left.
func (s *streamer[T]) loop(ctx context.Context, yield func(T, error) bool) error {
	p := s.sub.hub.pipe
	p.streams.Add(1)
	s.sub.join()
	s.sub.attach(1)
	defer p.streamEnded()
	defer s.leave()
	for s.take(ctx) {
		for evs := s.hand.events(); s.next < s.hand.n; {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			s.yielding = true
			goesOn := yield(evs[s.next], nil)
			s.yielding = false
			s.next++
			if !goesOn {
				return nil
			}
		}
	}
	if ctx.Err() != nil && !s.sub.gone.Load() {
		return context.Cause(ctx)
	}
	return s.failure()
}

func (s *streamer[T]) failure() error {
	if err := s.sub.cause(); err != nil {
		return &UpstreamError{s.sub.hub.name, err}
	}
	return nil
}

// take settles what was yielded and waits for more; false: there will be none.
func (s *streamer[T]) take(ctx context.Context) bool {
	for {
		if s.visit(ctx.Err() == nil) {
			return true
		}
		if ctx.Err() != nil || s.sub.gone.Load() {
			return false
		}
		select {
		case <-s.waiter.wake:
		case <-ctx.Done():
		}
	}
}

// visit closes the books of what is in hand, and takes the next if it may.
func (s *streamer[T]) visit(may bool) (took bool) {
	h := s.sub.hub
	now := h.pipe.now()
	if s.hand.n > 0 {
		s.hand.letGo()
	}
	h.mu.Lock()
	s.waiter.back()
	h.pass(now)
	if s.hand.n > 0 {
		h.settle(&s.hand, now)
	}
	s.next = 0
	if may {
		took = h.take(s.sub, &s.hand, &s.waiter, now)
	}
	if !took {
		h.passOn(s.sub)
	}
	h.balance()
	h.unlock()
	return took
}

// leave ends the subscription. What was not yielded returns; what the loop has, if
// it ends by a panic, has failed.
func (s *streamer[T]) leave() {
	for i := s.next; i < s.hand.n; i++ {
		if s.yielding && i == s.next {
			s.hand.condemn(i)
			continue
		}
		s.hand.fates = append(s.hand.fates, fate{i: i, back: true})
	}
	s.visit(false)
	s.sub.cancel(nil)
}
