package stage

import (
	"cmp"
	"context"
)

// The ways into a hub with lanes. They differ from those of accept.go in that each
// event has a lane of its own to find room in, and pushers wait in line for that:
// none waits behind those of another.

// tryLane is try.
func (h *hub[T]) tryLane(ev T) error {
	a, err := h.lanes.of(ev)
	h.mu.Lock()
	if err == nil {
		err = h.tryIn(a, ev)
	}
	if err != nil {
		h.books.rejected++
	}
	h.unlock()
	return err
}

func (h *hub[T]) tryIn(a *lane[T], ev T) error {
	if err := h.refuses(); err != nil {
		return err
	}
	if h.roomIn(a) == 0 || a.pushers.first != nil {
		return ErrFull
	}
	h.acceptIn(a, []T{ev}, h.stamp(1))
	h.balance()
	return nil
}

// roomIn is how many more events may be accepted in a lane.
func (h *hub[T]) roomIn(a *lane[T]) int { return max(0, min(h.room(), h.lanes.bound-a.buffer.count)) }

func (h *hub[T]) acceptIn(a *lane[T], evs []T, now int64) {
	n := len(evs)
	h.lanes.push(a, evs, h.buffer.next, now)
	h.buffer.next += uint64(n)
	h.buffer.count += n
	h.books.accepted += uint64(n)
}

// pushLane is pushOne.
func (h *hub[T]) pushLane(ctx context.Context, ev T) error {
	a, err := h.lanes.of(ev)
	h.mu.Lock()
	if err == nil {
		err = h.tryIn(a, ev)
	}
	if err == nil {
		h.unlock()
		return nil
	}
	if err != ErrFull {
		h.books.rejected++
		h.unlock()
		return err
	}
	p := &pusher[T]{one: [1]T{ev}, runs: []laneRun[T]{{a, 1}}}
	p.evs = p.one[:]
	h.waitForLanes(ctx, p)
	return p.err
}

// putLanes is put. A key that panics ends what is accepted there.
func (h *hub[T]) putLanes(ctx context.Context, p *pusher[T]) (accepted int, err error) {
	p.runs = nil
	sorted, err := h.lanes.sort(p.evs, &p.runs)
	rest := len(p.evs) - sorted
	p.evs = p.evs[:sorted]
	h.mu.Lock()
	h.books.rejected += uint64(rest)
	if p.err = h.refuses(); p.err != nil {
		h.books.rejected += uint64(sorted)
		h.unlock()
		return 0, p.err
	}
	h.offerLanes(p)
	if len(p.evs) == 0 {
		h.balance()
		h.unlock()
		return sorted, err
	}
	h.waitForLanes(ctx, p)
	return sorted - len(p.evs), cmp.Or(p.err, err)
}

// waitForLanes waits until all of p is accepted, or it is refused. It is called with
// the lock held, and releases it.
func (h *hub[T]) waitForLanes(ctx context.Context, p *pusher[T]) {
	p.done = make(chan struct{}, 1)
	h.lanes.wait(p)
	h.balance()
	h.unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		h.giveUp(p, context.Cause(ctx))
	}
}

// offerLanes accepts what p has, in order, as far as there is room and nobody waits
// for the same lane.
func (h *hub[T]) offerLanes(p *pusher[T]) {
	for len(p.evs) > 0 {
		a := p.runs[0].lane
		if a.pushers.first != nil || h.roomIn(a) == 0 {
			return
		}
		h.acceptRun(p)
	}
}

// acceptRun accepts as much as there is room for of p's next events, which are of
// one lane.
func (h *hub[T]) acceptRun(p *pusher[T]) {
	run := &p.runs[0]
	n := min(run.n, h.roomIn(run.lane))
	h.watchNext(p.watch)
	h.acceptIn(run.lane, p.evs[:n], h.stamp(n))
	p.evs = p.evs[n:]
	if run.n -= n; run.n == 0 {
		p.runs = p.runs[1:]
	}
}

// admitLanes is admit: lane by lane, in turns.
func (h *hub[T]) admitLanes() {
	l := h.lanes
	for l.wanted.first != nil && h.room() > 0 {
		a := l.nextWanted()
		if a.pushers.first == nil || h.roomIn(a) == 0 {
			continue // it is listed again when something is taken from it
		}
		p := a.pushers.first.of
		l.leave(p)
		h.acceptRun(p)
		switch {
		case len(p.evs) == 0:
			h.wakes.add(p.done)
		case p.runs[0].lane == a:
			a.pushers.pushFirst(&p.member, p) // it keeps its place
			l.waiting++
		default:
			l.wait(p)
		}
		l.want(a)
	}
}

// publishLanes puts the slots that a source has filled into their lanes.
func (h *hub[T]) publishLanes(slots []T) {
	runs, wrong := h.lanes.sortAll(slots, h.lanes.source[:0])
	h.mu.Lock()
	now, first := h.stamp(len(slots)), h.buffer.next
	for at, left := 0, slots; at < len(runs); at++ {
		run := runs[at]
		if run.lane != nil {
			h.acceptIn(run.lane, left[:run.n], now)
		} else {
			h.failUnsorted()
		}
		left = left[run.n:]
	}
	h.balance()
	h.unlock()
	h.lanes.source = runs
	clear(slots) // so that nothing they point to lingers
	for _, w := range wrong {
		h.tellUnsorted(first+uint64(w.at), w.err)
	}
}

// failUnsorted counts an event that has no lane, since its key panicked.
func (h *hub[T]) failUnsorted() {
	h.buffer.next++
	h.books.accepted++
	h.books.failed++
}

func (h *hub[T]) tellUnsorted(seq uint64, err error) {
	h.keyless.note(h.pipe, h.name, 1, err)
	h.pipe.tell(EventFailed{Stage: h.name, Outlet: h.name, Seq: seq, Attempt: 1, Action: Drop, Err: err})
}

// refuseLanes is refuseAll.
func (h *hub[T]) refuseLanes(err error) {
	for i := range h.lanes.all {
		for a := &h.lanes.all[i]; a.pushers.first != nil; {
			h.dismiss(a.pushers.first.of, err)
		}
	}
}
