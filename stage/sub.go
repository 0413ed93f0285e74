package stage

import "sync/atomic"

// sub is one stage's subscription to a hub, and lives behind the hub's lock.
type sub[T any] struct {
	hub    *hub[T]
	stage  string // who takes
	by     *base  // the same; nil: a loop
	slices bool   // its handler takes slices
	where  bool   // of a broadcast: some events are kept from it
	lag    int    // of a broadcast: so far it may fall behind; 0: it is waited for
	over   chan struct{}
	notify chan<- struct{} // of its stage: told when it is over
	gone   atomic.Bool     // it is over; readable without the lock

	handout  handout
	window   window         // prefetch
	claim    claim[*sub[T]] // prefetch: credit, and the place in line
	inbox    inbox[T]       // prefetch: what was dealt out
	idle     waitList       // prefetch: workers with nothing to do
	pace     pace           // lazy: events at once
	bucket   bucket         // how many it may begin with
	held     waitList       // workers that wait for that
	slots    int            // spawner: how many events it could start now
	spawner  bool
	crew     int // workers that there are
	stock    int // lazy: what it adds to the hub's stock
	counted  int // lazy: what it adds to the hub's crew
	hands    int // events in the hands of its workers
	attached bool
	leaving  bool // cancelled, but for what is in hand
	err      error

	done, failed, retried uint64
	begun                 uint64
	waited                int64 // ns that those events spent in the inbox
	busy                  int   // workers with something in hand
	busySince             int64 // when each of them began, summed: that many now's less this is how long they have been at it, though both may wrap
	service               int64 // ns that they spent in handlers
	spent, spentBefore    int64 // the same, but never reset; and what was spent, calls that went on included, at the last reset
}

func newSub[T any](h *hub[T], stage string, slices bool, o subSettings) *sub[T] {
	s := &sub[T]{hub: h, stage: stage, slices: slices, over: make(chan struct{}), handout: o.handout}
	s.claim.of = s
	s.where, s.lag = o.where != nil, o.lag
	s.window.max, s.window.min, s.window.manual = o.max, o.min, o.manual
	s.bucket.set(o.rate, o.burst, h.clock())
	s.pace = pace{size: 1, max: o.slice, target: int64(o.target)}
	return s
}

// waitList is where its idle workers wait.
func (s *sub[T]) waitList() *waitList {
	if s.handout == prefetch {
		return &s.idle
	}
	return &s.hub.idle
}

// atOnce is how many events a worker may have at once.
func (s *sub[T]) atOnce() int {
	switch {
	case !s.slices:
		return 1
	case s.handout == prefetch:
		return s.window.slice()
	default:
		return s.pace.size
	}
}

// join adds s to its hub.
func (s *sub[T]) join() {
	h := s.hub
	h.mu.Lock()
	h.subs = append(h.subs, s)
	if h.ended {
		s.conclude(h.err)
	}
	h.unlock()
}

// attach lets s ask, now that its stage serves.
func (s *sub[T]) attach(crew int) {
	h := s.hub
	h.mu.Lock()
	if !s.gone.Load() && !s.leaving {
		h.pass(h.clock())
		if !s.attached && s.handout == prefetch {
			h.line.ask(&s.claim, s.window.open())
		}
		s.attached = true
		s.staff(crew) // in any case: one that joined while its stage began knew no number
		h.balance()
	}
	h.unlock()
}

// detach withdraws its demand and returns what its workers have not begun.
func (s *sub[T]) detach() {
	h := s.hub
	h.mu.Lock()
	s.withdraw()
	h.balance()
	h.unlock()
}

func (s *sub[T]) withdraw() {
	s.attached = false
	asked := s.claim.credit
	s.hub.line.leave(&s.claim)
	s.hub.pass(s.hub.clock())
	asked += s.hub.recall(s)
	if s.window.manual {
		s.window.owed += asked
	}
	s.staff(0)
}

// cancel ends s: its demand is withdrawn and its inbox returned at once; it is
// over when what is in hand is settled.
func (s *sub[T]) cancel(cause error) {
	h := s.hub
	h.mu.Lock()
	if !s.leaving && !s.gone.Load() {
		s.leaving, s.err = true, cause
		s.withdraw()
		s.part()
		h.makers.callAll(&h.wakes) // they need not wait for it any more
		h.balance()
	}
	h.unlock()
}

// part takes s off its hub once nothing is in hand.
func (s *sub[T]) part() {
	if !s.leaving || s.hands > 0 || s.gone.Load() {
		return
	}
	h := s.hub
	for i, other := range h.subs {
		if other == s {
			h.subs = append(h.subs[:i:i], h.subs[i+1:]...)
			break
		}
	}
	s.conclude(s.err)
}

// conclude marks s as over. The hub's lock is held.
func (s *sub[T]) conclude(err error) {
	if s.gone.Swap(true) {
		return
	}
	s.err = err
	s.attached = false
	s.hub.line.leave(&s.claim) // an outlet that has ended owes nothing
	s.staff(0)
	s.hub.later = append(s.hub.later, func() {
		close(s.over)
		s.hub.pipe.tell(Unsubscribed{s.stage, s.hub.name, err})
	})
	if s.hub.deserted != nil && !s.hub.ended {
		s.hub.later = append(s.hub.later, s.hub.deserted)
	}
	if s.notify != nil {
		s.hub.wakes.add(s.notify)
	}
	s.callAll()
}

// callAll lets all workers that wait for s alone look again.
func (s *sub[T]) callAll() {
	s.idle.callAll(&s.hub.wakes)
	s.held.callAll(&s.hub.wakes)
}

// setCrew is staff from outside, while the stage serves.
func (s *sub[T]) setCrew(crew int) {
	h := s.hub
	h.mu.Lock()
	if s.attached {
		s.staff(crew)
		h.balance()
	}
	h.unlock()
}

// staff tells the hub how many workers there are to share with.
func (s *sub[T]) staff(crew int) {
	s.crew = crew
	s.restock()
}

// restock says anew what lazy workers would like to find waiting: one event
// each, or, where they are fast, twice what they do in their target time, so that
// a source works while they do. A spawner wants what it could start now.
func (s *sub[T]) restock() {
	h := s.hub
	h.stock -= s.stock
	h.crew -= s.counted
	s.stock, s.counted = 0, 0
	if s.attached && s.handout == lazy {
		s.counted = s.crew
		switch {
		case s.spawner:
			s.stock = max(0, s.slots)
		case s.pace.size > 1:
			s.stock = 2 * s.crew * s.pace.size
		default:
			s.stock = s.crew
		}
	}
	h.stock += s.stock
	h.crew += s.counted
}

// begin counts a worker that was given n events.
func (s *sub[T]) begin(n int, now int64) {
	s.busy++
	s.begun += uint64(n)
	s.busySince += now
}

// occupied is the time that workers have had something in hand, up to now.
func (s *sub[T]) occupied(now int64) int64 { return s.spent + int64(s.busy)*now - s.busySince }

// finished gives back the demand of n events that a worker had from then to now.
func (s *sub[T]) finished(n int, began, now int64) {
	took := now - began
	s.busy--
	s.busySince -= began
	s.service += took
	s.spent += took
	switch s.handout {
	case prefetch:
		if ask := s.window.finish(n); ask > 0 && s.attached {
			s.hub.line.ask(&s.claim, ask)
		}
	case lazy:
		was := s.pace.size
		if s.slices {
			s.pace.after(n, took)
		} else {
			s.pace.afterOne(took)
		}
		if s.pace.size != was {
			s.restock()
		}
	}
	s.part()
}

// set puts other settings in force. What was dealt out stays where it is.
func (s *sub[T]) set(o subSettings) error {
	h := s.hub
	h.mu.Lock()
	defer h.unlock()
	switch {
	case s.gone.Load() || s.leaving:
		return ErrEnded
	case h.lanes != nil && o.handout != lazy:
		return errOnlyLazy(s.stage, h.name)
	case o.where != nil || o.lag > 0:
		return &SettingError{s.stage, "Where or Lag", "set", "only when it subscribes"}
	}
	h.pass(h.clock())
	s.pace.max, s.pace.target = o.slice, int64(o.target)
	s.pace.size = min(s.pace.size, s.pace.max)
	s.bucket.set(o.rate, o.burst, h.stamps.now)
	s.turnTo(o)
	s.restock()
	h.idle.callAll(&h.wakes) // to look again, and to wait where they now belong
	s.callAll()
	h.balance()
	return nil
}

func (s *sub[T]) turnTo(o subSettings) {
	h := s.hub
	was := s.handout
	s.handout = o.handout
	if !o.manual {
		s.window.owed = 0
	}
	if o.handout == lazy {
		s.window.manual = false
		h.line.leave(&s.claim)
		return
	}
	if was == lazy {
		s.window.unfinished = s.inbox.count + s.hands
	}
	ask, withdrawn := s.window.change(window{max: o.max, min: o.min, manual: o.manual}, s.claim.credit)
	if withdrawn > 0 {
		h.line.grant(&s.claim, withdrawn)
	}
	if s.attached && ask > 0 {
		h.line.ask(&s.claim, ask)
	}
}
