package stage

// meters are the measurements of one hub, behind its lock.
type meters struct {
	bufferWait Histogram // from acceptance to hand-out
	inboxWait  Histogram // from hand-out to the hand
	service    Histogram // the handler's call that carried the event
	total      Histogram // from acceptance to the final outcome
	in, out    rate
}

// reset begins anew, with so many events accepted and none settled.
func (m *meters) reset(now int64, accepted uint64) {
	*m = meters{}
	m.in.reset(now, accepted)
	m.out.reset(now, 0)
}

// pass notes the time and the counts, for the rates.
func (m *meters) pass(now int64, b *books) {
	if now/rateSlot != m.in.slot {
		m.in.pass(now, b.accepted)
		m.out.pass(now, b.done+b.failed)
	}
}

const (
	rateSlots = 9
	rateSlot  = 125_000_000 // ns
)

// rate remembers what a counter was at the last slot borders, so that the
// change over about the last second can be told. Whoever passes advances it.
type rate struct {
	counts [rateSlots]uint64
	slot   int64 // the latest border that was passed, in slots since the pipeline was made
	start  int64 // the first one
}

func (r *rate) reset(now int64, n uint64) {
	*r = rate{slot: now / rateSlot, start: now / rateSlot}
	for i := range r.counts {
		r.counts[i] = n
	}
}

// pass notes that the counter stands at n.
func (r *rate) pass(now int64, n uint64) {
	slot := now / rateSlot
	for i := max(r.slot+1, slot-rateSlots+1); i <= slot; i++ {
		r.counts[i%rateSlots] = n
	}
	r.slot = max(r.slot, slot)
}

// perSecond is the counter's change over the last second, or since the start.
func (r *rate) perSecond(now int64, n uint64) float64 {
	r.pass(now, n)
	from := max(r.start, r.slot-rateSlots+1)
	span := now - from*rateSlot
	if span <= 0 {
		return 0
	}
	return float64(n-r.counts[from%rateSlots]) * 1e9 / float64(span)
}
