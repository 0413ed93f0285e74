package stage

import (
	"math"
	"slices"
	"time"
)

// hub is what an outlet is made of: the events that were accepted and are not
// settled, wherever they are, and everybody who waits for them or for room. It
// is passive, a value behind one lock: producers, workers and callers come to it
// with their own goroutines, change it in short steps, and leave it balanced.
// So it outlives the stages that use it, and all of its numbers agree.
//
// Its files: accept.go lets events in, handout.go deals them out, settle.go
// closes their books, watch.go tells those who wait for an outcome; lanes.go and
// lanes_accept.go are for partitions.
type hub[T any] struct {
	name  string
	pipe  *Pipeline
	from  []node // the stages that feed it; set before anybody else sees it
	clock func() int64
	done  chan struct{} // closed when the outlet has ended and nothing is left

	// mu guards all below. It is never held across a channel operation, a
	// handler or a callback: what has to be signalled is gathered in wakes and
	// sent by unlock.
	mu    spinLock
	wakes wakes
	books books

	buffer   buffer[T]
	lanes    *lanes[T] // nil: there are none; set before the hub is used
	delayed  delayed[T]
	pushers  fifo[pusher[T]] // wait for room
	capacity int             // of buffer and delayed together
	overflow OverflowMode
	onDrop   func(n int)
	dropped  int // to be told by unlock

	subs  []*sub[T]
	line  line[*sub[T]] // the prefetching ones
	idle  waitList      // workers of the lazy ones
	crew  int           // workers of the lazy ones, idle or not
	stock int           // events that these would like to find waiting

	sourceWake chan struct{} // of the one producer, which fetches for this outlet
	sourceIdle bool
	makers     waitList // of a transform: its workers, until what they make is wanted

	awaited map[uint64]*watcher // by Do, by the number of the event
	flushes []*watcher
	timer   *time.Timer // for the first of delayed, or of those held up
	armed   int64       // when it fires; 0: it does not

	paused, sealed, closed, draining, ended bool
	err                                     error      // why it was closed, if not in order
	keyless                                 failureLog // of partitions: events whose key panicked
	wrong                                   error      // a setting for which it is refused altogether
	onEnd                                   func()     // it leaves its pipeline then
	deserted                                func()     // its one subscriber has gone, and none will come
	severed                                 func()     // its one subscriber has failed; what is in it stays in the books
	later                                   []func()   // to be called by unlock; seldom

	stamps stamper
	meters meters
}

// books are the counts of one hub. At every moment
//
//	accepted = done + failed + dropped + delayed + waiting + inboxes + hands
//
// where delayed and waiting are the lengths of the two queues.
type books struct {
	accepted, done, failed, dropped uint64
	inboxes, hands                  int
	rejected, retried               uint64 // outside the law
}

func newHub[T any](p *Pipeline, name string, capacity int) *hub[T] {
	h := &hub[T]{
		name: name, pipe: p, clock: p.now, done: make(chan struct{}),
		capacity: capacity, sourceWake: make(chan struct{}, 1),
	}
	h.meters.reset(p.now(), 0)
	return h
}

// unlock releases the lock and then does what was gathered under it.
func (h *hub[T]) unlock() {
	if h.wakes.n == 0 && h.dropped == 0 && h.later == nil {
		h.mu.Unlock()
		return
	}
	wakes, dropped, onDrop, later := h.wakes, h.dropped, h.onDrop, h.later
	h.wakes, h.dropped, h.later = wakesNone, 0, nil
	h.mu.Unlock()
	wakes.send()
	for _, f := range later {
		f()
	}
	if dropped > 0 {
		h.tellDrop(onDrop, dropped)
	}
}

// balance puts a hub that was changed to rest: nobody waits for what is there.
// Each step may make room for another, so it goes in the order in which events
// flow, and again while a hand-out let pushers in.
func (h *hub[T]) balance() {
	if h.lanes != nil {
		h.admitLanes()
	} else if h.pushers.first != nil || h.line.total > 0 {
		h.admit()
		for h.handOut() && h.pushers.first != nil {
			h.admit()
		}
	}
	if !h.paused && h.takeable() > 0 {
		h.idle.call(&h.wakes)
	}
	if h.sourceIdle && h.want() > 0 {
		h.sourceIdle = false
		h.wakes.add(h.sourceWake)
	}
	if h.makers.first != nil && h.want() > 0 {
		h.makers.call(&h.wakes)
	}
	if h.closed && !h.ended && h.inSystem() == 0 {
		h.end()
	}
}

// inSystem is how many events were accepted and are not settled.
func (h *hub[T]) inSystem() int {
	return h.buffer.count + len(h.delayed) + h.books.inboxes + h.books.hands
}

// takeable is how many waiting events a worker may take now.
func (h *hub[T]) takeable() int {
	if h.lanes != nil {
		return h.lanes.open
	}
	return h.buffer.count
}

// room is how many more events may be accepted. It is below zero when events
// came back to a full queue.
func (h *hub[T]) room() int { return h.capacity - h.buffer.count - len(h.delayed) }

// want is what a source is asked for: demand that what waits does not cover.
// Nobody stores a shortfall, so it can be neither forgotten nor asked for twice.
func (h *hub[T]) want() int {
	if h.paused || h.closed || h.sealed {
		return 0
	}
	return max(0, min(h.line.total+h.stock-h.takeable(), h.room()))
}

// pass notes the time that somebody has read: hand-outs in the same step, and the
// rates, go by it.
func (h *hub[T]) pass(now int64) {
	h.stamps.pass(now)
	h.meters.pass(now, &h.books)
}

// close ends the intake. The outlet ends when nothing is left in it.
func (h *hub[T]) close(err error) {
	h.mu.Lock()
	if !h.closed {
		h.closed, h.err = true, err
		h.refuseAll(ErrClosed)
		h.balance()
	}
	h.unlock()
}

// refuse takes nothing, ever, and says why.
func (h *hub[T]) refuse(err error) {
	h.mu.Lock()
	h.wrong, h.closed = err, true
	h.mu.Unlock()
}

func (h *hub[T]) refused() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wrong
}

// leave calls f when the outlet has ended, or now if it has.
func (h *hub[T]) leave(f func()) {
	h.mu.Lock()
	if h.ended {
		h.later = append(h.later, f)
	} else {
		h.onEnd = f
	}
	h.unlock()
}

// end tells everybody that no event will come any more.
func (h *hub[T]) end() {
	h.ended = true
	h.later = append(h.later, func() { close(h.done) })
	h.later = append(h.later, h.pipe.outletEnded)
	if h.onEnd != nil {
		h.later = append(h.later, h.onEnd)
	}
	if h.sourceIdle {
		h.sourceIdle = false
		h.wakes.add(h.sourceWake)
	}
	h.callEverybody()
	for _, s := range h.subs {
		s.conclude(h.err)
	}
}

// drain lifts a pause and lets what was to be retried later run at once. The
// intake is closed by whoever feeds the outlet.
func (h *hub[T]) drain() {
	h.mu.Lock()
	h.draining, h.paused = true, false
	h.pass(h.clock())
	h.ripen(math.MaxInt64)
	h.callEverybody()
	h.balance()
	h.unlock()
}

func (h *hub[T]) pause(paused bool) {
	h.mu.Lock()
	if h.paused != paused && !h.draining {
		h.paused = paused
		h.pass(h.clock())
		if !paused {
			h.callEverybody()
		}
		h.balance()
	}
	h.unlock()
}

// callEverybody lets all idle workers look again.
func (h *hub[T]) callEverybody() {
	h.idle.callAll(&h.wakes)
	for _, s := range h.subs {
		s.callAll()
	}
}

// ring is what the timer calls, for delayed events and for rates, in a goroutine of
// its own that ends at once.
func (h *hub[T]) ring() {
	h.mu.Lock()
	h.armed = 0
	now := h.clock()
	h.pass(now)
	h.ripen(now)
	for _, s := range h.subs {
		h.letGo(s, now)
	}
	h.arm()
	h.balance()
	h.unlock()
}

// letGo calls a worker that its rate held up, if the time has come.
func (h *hub[T]) letGo(s *sub[T], now int64) {
	if s.held.first != nil && s.bucket.holds(now) > 0 {
		s.held.call(&h.wakes)
	}
}

// ripen moves the retries that are due back to their places.
func (h *hub[T]) ripen(now int64) {
	for {
		s, due := h.delayed.pop(now)
		if !due {
			return
		}
		if a := s.of.lane; a != nil {
			a.parked--
		}
		h.putBack(s)
	}
}

// putBack returns events to their old place.
func (h *hub[T]) putBack(s span[T]) {
	if a := s.of.lane; a != nil {
		h.buffer.count += s.len()
		h.lanes.putBack(a, s)
		return
	}
	h.buffer.putBack(s)
}

// arm sets the timer for the first of the delayed events, or the first worker that
// its rate holds up.
func (h *hub[T]) arm() {
	due := int64(math.MaxInt64)
	if len(h.delayed) > 0 {
		due = h.delayed[0].due
	}
	for _, s := range h.subs {
		if s.held.first != nil && s.held.called == 0 {
			due = min(due, s.bucket.due())
		}
	}
	h.armAt(due)
}

// armAt sets the timer, unless it fires before.
func (h *hub[T]) armAt(due int64) {
	if due == math.MaxInt64 || h.armed != 0 && h.armed <= due {
		return
	}
	h.armed = due
	wait := time.Duration(due - h.clock())
	if h.timer == nil {
		h.timer = time.AfterFunc(wait, h.ring)
		return
	}
	h.timer.Reset(wait)
}

func (h *hub[T]) finished() <-chan struct{} { return h.done }

// left says what is still here.
func (h *hub[T]) left() Left {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Left{
		Outlet: h.name, Buffer: h.buffer.count, Delayed: len(h.delayed),
		Inboxes: h.books.inboxes, Hands: h.books.hands,
	}
}

func (h *hub[T]) holds(name string) bool { return h.name == name && !h.over() }

// over says whether the outlet has ended.
func (h *hub[T]) over() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended
}

// leaveWith takes the outlet out of its pipeline when it has ended, with its stage.
func (h *hub[T]) leaveWith(n node) {
	h.leave(func() { h.pipe.removeOutlet(n, h) })
}

// cancelAll ends all subscriptions for a reason that their stages are to see.
func (h *hub[T]) cancelAll(cause error) {
	h.mu.Lock()
	subs := slices.Clone(h.subs)
	h.mu.Unlock()
	for _, s := range subs {
		s.cancel(cause)
	}
}

// discard closes the outlet and drops what is in it.
func (h *hub[T]) discard() {
	h.mu.Lock()
	h.closed = true
	h.ripen(math.MaxInt64)
	n := h.buffer.count
	h.buffer = buffer[T]{next: h.buffer.next}
	h.books.dropped += uint64(n)
	h.dropped += n
	h.balance()
	h.unlock()
}

// forsaken says whether all that subscribe are about to go.
func (h *hub[T]) forsaken() bool {
	return len(h.subs) > 0 && !slices.ContainsFunc(h.subs, func(s *sub[T]) bool { return !s.leaving })
}

// taken says whether somebody takes from it, or may yet.
func (h *hub[T]) taken() bool {
	h.mu.Lock()
	subs := slices.DeleteFunc(slices.Clone(h.subs), func(s *sub[T]) bool { return s.leaving })
	attached := slices.ContainsFunc(subs, func(s *sub[T]) bool { return s.attached })
	h.mu.Unlock()
	return attached || slices.ContainsFunc(subs, func(s *sub[T]) bool { return s.by != nil && s.by.isReady() })
}

func (h *hub[T]) loose() (name string, is bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.name, len(h.subs) == 0 && !h.ended && (h.inSystem() > 0 || len(h.from) > 0 && !h.closed)
}

func (h *hub[T]) sever() bool {
	if h.severed == nil {
		return false
	}
	h.severed()
	return true
}
