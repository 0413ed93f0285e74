package stage

import (
	"math"
	"time"
)

// drainRetry is how long a retry waits at most once the pipeline drains: there is
// little time, but an event that fails at once must not spin.
const drainRetry = 100 * time.Millisecond

// settle closes the books of what is in hand, gives its demand back and empties
// the hand.
func (h *hub[T]) settle(hd *hand[T], now int64) {
	s := hd.sub
	s.hands -= hd.n
	h.books.hands -= hd.n
	if len(hd.fates) == 0 {
		h.settleDone(hd, now)
	} else {
		h.settleEach(hd, now)
	}
	from := &h.buffer
	if hd.lane != nil {
		from = &hd.lane.buffer
	}
	for _, sp := range hd.spans {
		from.release(sp.of, sp.len())
	}
	s.finished(hd.n, hd.taken, now)
	if hd.lane != nil {
		h.lanes.release(hd.lane)
	}
	hd.reset()
}

// settleDone is the usual case: all went well.
func (h *hub[T]) settleDone(hd *hand[T], now int64) {
	n := uint64(hd.n)
	h.books.done += n
	hd.sub.done += n
	h.meters.service.add(now-hd.taken, hd.n)
	if len(hd.spans) == 0 {
		h.meters.total.add(now-hd.stamp, 1)
	}
	for _, sp := range hd.spans {
		recordSpan(&h.meters.total, sp, now)
	}
	if !h.watched() {
		return
	}
	if len(hd.spans) == 0 {
		h.watchRange(hd.seq, hd.seq+1, nil)
	}
	for _, sp := range hd.spans {
		h.watchSpan(sp)
	}
}

// settleEach closes the books event by event, when some did not go well.
func (h *hub[T]) settleEach(hd *hand[T], now int64) {
	next := 0
	for i := range hd.n {
		seq, stamp, _, _ := hd.place(i)
		var err error
		if next < len(hd.fates) && hd.fates[next].i == i {
			f := hd.fates[next]
			next++
			if !f.settles() {
				h.giveBack(hd, f, now)
				continue
			}
			h.books.failed++
			hd.sub.failed++
			err = f.err
		} else {
			h.books.done++
			hd.sub.done++
		}
		h.meters.service.add(now-hd.taken, 1)
		h.meters.total.add(now-stamp, 1)
		h.watchRange(seq, seq+1, err)
	}
	h.arm()
	hd.clear()
}

// later is now + d, at most the end of time.
func later(now int64, d time.Duration) int64 {
	if due := now + int64(d); due > now {
		return due
	}
	return math.MaxInt64
}

// durationOf is so many seconds, at most the longest there is.
func durationOf(seconds float64) time.Duration {
	if ns := math.Ceil(seconds * 1e9); ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return math.MaxInt64
}

// giveBack keeps an event that is not finished: for later, or in its old place.
func (h *hub[T]) giveBack(hd *hand[T], f fate, now int64) {
	seq, stamp, attempt, tries := hd.place(f.i)
	if !f.back && !f.unspent {
		attempt++
	}
	what := comeback(hd.evs[f.i], seq, stamp, attempt, tries+1)
	what.of.lane = hd.lane
	after := f.after
	if h.draining {
		after = min(after, drainRetry)
	}
	if f.back || f.what == Stop || after <= 0 {
		h.putBack(what)
	} else {
		if hd.lane != nil {
			hd.lane.parked++
		}
		h.delayed.push(later(now, after), what)
	}
	if f.back || f.what == Stop {
		hd.sub.askAgain()
	}
	if f.what == Retry && !f.back {
		h.books.retried++
		hd.sub.retried++
	}
}
