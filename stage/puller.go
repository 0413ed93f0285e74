package stage

import "context"

// puller is the goroutine of a stage that handles slices itself rather than give
// them to workers.
type puller[T any] struct {
	in    *inlet[T]
	seats seats[T]
	hand  hand[T]
	next  int // the event in hand that is being handled: those before it are
}

// pull takes a slice of at most so many events into the hand, if there is one.
// The goroutine is called when there is more.
func (p *puller[T]) pull(most int) bool {
	p.seats.arrange(p.in.subs.Load(), p.in.changed, func(at *seat[T]) { p.visit(at, 0) })
	for i := range p.seats.all {
		if at := p.seats.at(i); p.visit(at, most) {
			p.seats.found(i)
			p.standUp(at)
			return true
		}
	}
	return false
}

func (p *puller[T]) visit(at *seat[T], most int) (took bool) {
	h, now := at.sub.hub, p.in.pipe.now()
	h.mu.Lock()
	at.back()
	h.pass(now)
	if most > 0 && !p.in.stop.Load() {
		p.hand.most, p.next = most, 0
		took = h.take(at.sub, &p.hand, &at.waiter, now)
	}
	if !took {
		h.passOn(at.sub)
	}
	h.balance()
	h.unlock()
	return took
}

// standUp leaves the other seats.
func (p *puller[T]) standUp(from *seat[T]) {
	for _, at := range p.seats.all {
		if at != from {
			p.visit(at, 0)
		}
	}
}

// each calls handle with each event in hand, and settles them. An error is the event's
// failure.
func (p *puller[T]) each(ctx context.Context, handle func(ev T) error) {
	defer p.settle()
	evs := p.hand.events()
	for p.next < p.hand.n {
		i := p.next
		err := p.one(handle, evs[i])
		p.next++ // first, for the policy may end the goroutine
		if err != nil {
			p.hand.condemn(i)
			p.hand.fates[len(p.hand.fates)-1] = p.in.judge(ctx, &p.hand, i, err)
		}
	}
}

func (p *puller[T]) one(handle func(ev T) error, ev T) (err error) {
	defer caught(&err)
	return handle(ev)
}

// settle closes the books of what is in hand. What was not handled returns.
func (p *puller[T]) settle() {
	for i := p.next; i < p.hand.n; i++ {
		p.hand.fates = append(p.hand.fates, fate{i: i, back: true})
	}
	now := p.in.pipe.now()
	defer p.closeBooks(now)
	p.in.handled(&p.hand, now)
}

func (p *puller[T]) closeBooks(now int64) {
	h := p.hand.sub.hub
	h.mu.Lock()
	h.pass(now)
	h.settle(&p.hand, now)
	h.balance()
	h.unlock()
}

// close leaves all seats.
func (p *puller[T]) close() {
	for _, at := range p.seats.all {
		p.visit(at, 0)
	}
}
