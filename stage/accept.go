package stage

import "context"

// OverflowMode says what a full queue does with one event more.
type OverflowMode uint8

// The modes. Those that drop need QueueConfig.OnDrop: nothing is lost unnoticed.
const (
	// Refuse lets Push wait for room and TryPush answer ErrFull.
	Refuse OverflowMode = iota
	// DropOldest drops the event that has waited longest in the buffer, never one
	// that was tried before; if there is no other, the new one.
	DropOldest
	// DropNewest drops the new event.
	DropNewest
)

func (m OverflowMode) String() string {
	if m > DropNewest {
		return "unknown mode"
	}
	return [...]string{"refuse", "drop oldest", "drop newest"}[m]
}

// pusher waits for room with what it has not pushed yet. Whoever makes room
// takes the events off it, so that they keep its turn.
type pusher[T any] struct {
	member[pusher[T]]
	evs   []T
	runs  []laneRun[T] // of evs, where there are lanes
	one   [1]T
	watch *watcher // for Do: told of the outcome
	done  chan struct{}
	err   error
}

// refuses says why nothing can be pushed at all.
func (h *hub[T]) refuses() error {
	switch {
	case !h.closed && !h.sealed:
		return nil
	case h.wrong != nil:
		return h.wrong
	case h.closed:
		return ErrClosed
	}
	return ErrSealed
}

// try accepts ev if there is room for it and nobody waits.
func (h *hub[T]) try(ev T) error {
	if h.lanes != nil {
		return h.tryLane(ev)
	}
	h.mu.Lock()
	err := h.tryLocked(ev)
	if err != nil {
		h.books.rejected++
	} else {
		h.balance()
	}
	h.unlock()
	return err
}

func (h *hub[T]) tryLocked(ev T) error {
	if err := h.refuses(); err != nil {
		return err
	}
	if h.room() <= 0 || h.pushers.first != nil {
		if h.overflow == Refuse {
			return ErrFull
		}
		if !h.makeRoom() {
			return nil
		}
	}
	h.buffer.append(ev, h.stamp(1))
	h.books.accepted++
	return nil
}

// makeRoom drops an event, and says whether it was not the new one.
func (h *hub[T]) makeRoom() bool {
	h.books.dropped++
	h.dropped++
	if h.overflow == DropOldest && h.evict() {
		return true
	}
	h.books.accepted++ // and dropped at once
	h.watchDrop(h.buffer.next)
	return false
}

// evict drops the event that has waited longest of those that no handler had yet.
func (h *hub[T]) evict() bool {
	s, found := h.buffer.takeUntried()
	if found {
		h.watchDrop(s.seq())
		h.buffer.copyOut(s)
	}
	return found
}

// stamp is the time of n events that arrive now.
func (h *hub[T]) stamp(n int) int64 {
	if h.stamps.due(n) {
		now := h.clock()
		h.stamps.learn(now)
		h.meters.pass(now, &h.books)
	}
	return h.stamps.now
}

// put accepts evs, waiting for room, and says how many were accepted.
func (h *hub[T]) put(ctx context.Context, p *pusher[T]) (n int, err error) {
	if h.lanes != nil {
		return h.putLanes(ctx, p)
	}
	all := len(p.evs)
	h.mu.Lock()
	h.offer(p)
	if len(p.evs) == 0 || p.err != nil {
		h.books.rejected += uint64(len(p.evs))
		h.balance()
		h.unlock()
		return all - len(p.evs), p.err
	}
	p.done = make(chan struct{}, 1)
	h.pushers.push(&p.member, p)
	h.balance()
	h.unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		h.giveUp(p, context.Cause(ctx))
	}
	return all - len(p.evs), p.err
}

// offer accepts what p has as far as it can without waiting.
func (h *hub[T]) offer(p *pusher[T]) {
	if p.err = h.refuses(); p.err != nil {
		return
	}
	if h.overflow != Refuse {
		for ; len(p.evs) > 0; p.evs = p.evs[1:] {
			h.watchNext(p.watch)
			_ = h.tryLocked(p.evs[0]) // cannot fail: it drops
		}
		return
	}
	if h.pushers.first == nil {
		h.accept(p, h.room())
	}
}

// accept takes at most n of p's events.
func (h *hub[T]) accept(p *pusher[T], n int) {
	n = min(n, len(p.evs))
	if n <= 0 {
		return
	}
	h.watchNext(p.watch)
	if n == 1 {
		h.buffer.append(p.evs[0], h.stamp(1))
	} else {
		h.buffer.appendAll(p.evs[:n], h.stamp(n))
	}
	h.books.accepted += uint64(n)
	p.evs = p.evs[n:]
}

// admit lets waiting pushers in, in their order, as far as there is room.
func (h *hub[T]) admit() {
	for h.pushers.first != nil && h.room() > 0 {
		p := h.pushers.first.of
		h.accept(p, h.room())
		if len(p.evs) == 0 {
			h.pushers.remove(&p.member)
			h.wakes.add(p.done)
		}
	}
}

// admitAll lets waiting pushers in, room or not: the queue drops from now on.
func (h *hub[T]) admitAll() {
	for h.pushers.first != nil {
		p := h.pushers.first.of
		h.pushers.remove(&p.member)
		h.offer(p)
		h.wakes.add(p.done)
	}
}

// giveUp takes p out of the line, unless it has just been let in.
func (h *hub[T]) giveUp(p *pusher[T], cause error) {
	h.mu.Lock()
	if p.listed {
		h.dismiss(p, cause)
		h.balance()
	}
	h.unlock()
}

// refuseAll ends the waiting of all pushers.
func (h *hub[T]) refuseAll(err error) {
	if h.lanes != nil {
		h.refuseLanes(err)
		return
	}
	for h.pushers.first != nil {
		h.dismiss(h.pushers.first.of, err)
	}
}

// dismiss ends the waiting of one pusher.
func (h *hub[T]) dismiss(p *pusher[T], err error) {
	if h.lanes != nil {
		h.lanes.leave(p)
	} else {
		h.pushers.remove(&p.member)
	}
	p.err = err
	h.books.rejected += uint64(len(p.evs))
	h.wakes.add(p.done)
}

// reserve waits until the source is wanted and lends it slots to fill; nil when
// the outlet takes nothing more.
func (h *hub[T]) reserve(stop func() bool) []T {
	for {
		h.mu.Lock()
		if h.closed || stop() {
			h.sourceIdle = false
			h.unlock()
			return nil
		}
		if n := h.want(); n > 0 {
			h.sourceIdle = false
			slots := h.slots(n)
			h.unlock()
			return slots
		}
		h.sourceIdle = true
		h.unlock()
		<-h.sourceWake
	}
}

func (h *hub[T]) slots(n int) []T {
	if h.lanes != nil {
		return h.lanes.reserve(n)
	}
	return h.buffer.reserve(n, h.stamps.now)
}

// publish accepts the reserved slots that were filled, the first of them.
func (h *hub[T]) publish(slots []T) {
	if h.lanes != nil {
		h.publishLanes(slots)
		return
	}
	n := len(slots)
	h.mu.Lock()
	h.buffer.publish(n, h.stamp(n))
	h.books.accepted += uint64(n)
	h.balance()
	h.unlock()
}

// force accepts evs, room or not, closed or not: they were accepted before, in
// another form.
func (h *hub[T]) force(evs []T) {
	for _, ev := range evs {
		var a *lane[T]
		var wrong error
		if h.lanes != nil {
			a, wrong = h.lanes.of(ev)
		}
		h.mu.Lock()
		seq := h.buffer.next
		switch {
		case a != nil:
			h.acceptIn(a, []T{ev}, h.stamp(1))
		case h.lanes != nil:
			h.failUnsorted()
		default:
			h.buffer.append(ev, h.stamp(1))
			h.books.accepted++
		}
		h.balance()
		h.unlock()
		if wrong != nil {
			h.tellUnsorted(seq, wrong)
		}
	}
}
