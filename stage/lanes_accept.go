package stage

import "context"

// The ways into a hub with lanes. They differ from those of accept.go in that each
// event has a lane of its own to find room in.

// tryLane is try.
func (h *hub[T]) tryLane(ev T) error {
	a, err := h.lanes.of(ev)
	h.mu.Lock()
	if err == nil {
		err = h.refuses()
	}
	if err == nil && (a.pushers > 0 || !h.fits(a)) {
		err = ErrFull
	}
	if err != nil {
		h.books.rejected++
	} else {
		h.acceptIn(a, ev)
		h.balance()
	}
	h.unlock()
	return err
}

func (h *hub[T]) fits(a *lane[T]) bool { return h.room() > 0 && a.count < h.lanes.bound }

func (h *hub[T]) acceptIn(a *lane[T], ev T) {
	h.lanes.push(a, h.buffer.appendApart(ev, h.stamp(1)))
	h.books.accepted++
}

// putLanes is put. A key that panics ends what is accepted there.
func (h *hub[T]) putLanes(ctx context.Context, p *pusher[T]) (n int, err error) {
	all := len(p.evs)
	p.lanes = make([]*lane[T], 0, all)
	for i, ev := range p.evs {
		a, wrong := h.lanes.of(ev)
		if wrong != nil {
			p.evs, err = p.evs[:i], wrong
			break
		}
		p.lanes = append(p.lanes, a)
	}
	mine := len(p.evs)
	h.mu.Lock()
	h.books.rejected += uint64(all - mine)
	if p.err = h.refuses(); p.err == nil {
		h.offerLanes(p)
	}
	if len(p.evs) == 0 || p.err != nil {
		h.books.rejected += uint64(len(p.evs))
		h.balance()
		h.unlock()
		return mine - len(p.evs), firstOf(p.err, err)
	}
	p.done = make(chan struct{}, 1)
	h.pushers.push(&p.member, p)
	p.lanes[0].pushers++
	h.balance()
	h.unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		h.giveUp(p, context.Cause(ctx))
	}
	return mine - len(p.evs), firstOf(p.err, err)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// offerLanes accepts what p has, in order, as far as there is room and nobody waits
// for the same lane.
func (h *hub[T]) offerLanes(p *pusher[T]) {
	for len(p.evs) > 0 && p.lanes[0].pushers == 0 && h.fits(p.lanes[0]) {
		h.next(p)
	}
}

func (h *hub[T]) next(p *pusher[T]) {
	h.watchNext(p.watch)
	h.acceptIn(p.lanes[0], p.evs[0])
	p.evs, p.lanes = p.evs[1:], p.lanes[1:]
}

// admitLanes is admit: in their order, but nobody waits for another's lane.
func (h *hub[T]) admitLanes() {
	h.lanes.turn++
	for m := h.pushers.first; m != nil && h.room() > 0; {
		p, after := m.of, m.next
		h.advance(p)
		m = after
	}
}

// advance lets a pusher that waits in as far as its turn has come.
func (h *hub[T]) advance(p *pusher[T]) {
	for a := p.lanes[0]; a.turn != h.lanes.turn; {
		if !h.fits(a) {
			a.turn = h.lanes.turn // nor has anybody behind
			return
		}
		a.pushers--
		h.next(p)
		if len(p.evs) == 0 {
			h.pushers.remove(&p.member)
			h.wakes.add(p.done)
			return
		}
		a = p.lanes[0]
		a.pushers++
	}
}

// publishLanes puts the first n slots that a source has filled into their lanes.
func (h *hub[T]) publishLanes(slots []T) {
	to := make([]*lane[T], len(slots))
	for i, ev := range slots {
		a, err := h.lanes.of(ev)
		if err != nil {
			h.pipe.cfg.Logger.Error("key of an event panicked; it has failed", withStack(err, "outlet", h.name, "err", err)...)
		}
		to[i] = a // nil if it has none
	}
	h.mu.Lock()
	h.buffer.publish(len(slots), h.stamp(len(slots)))
	h.books.accepted += uint64(len(slots))
	all := h.buffer.apart(len(slots))
	for _, a := range to {
		s := all.cut(1)
		if a != nil {
			h.lanes.push(a, s)
			continue
		}
		h.buffer.count--
		h.buffer.copyOut(s)
		h.books.failed++
	}
	h.balance()
	h.unlock()
}
