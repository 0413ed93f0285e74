package telemetry

import (
	"strconv"
	"time"
)

// History is series in steps of time. Buckets without a sample are left out.
type History struct {
	Step  time.Duration
	T     []int64 // the begins of the buckets, unix milliseconds: multiples of Step
	Lines []Line  // as asked for
}

// Line is the history of one series, a number for each bucket. A gauge has Mean,
// Min and Max, a counter has Last, a high has Max; the others are nil.
type Line struct {
	Series               Series
	Mean, Min, Max, Last []float64
}

// History answers a query, with a [*QueryError] if it is not a good one: an
// unknown name; a step that is no multiple of 20 ms, that makes more than 36,000
// points, or that is no whole number of seconds and reaches further back than 10
// minutes.
//
// Buckets are aligned to multiples of the step since the Unix epoch, so that the
// same query brings the same buckets a moment later. The first begins at or before
// Since and is whole, the last is as full as it is now.
func (r *Recorder) History(q Query) (History, error) {
	now := r.clock.now()
	r.mu.RLock()
	oldest, ok := r.kept.oldest()
	r.mu.RUnlock()
	if !ok {
		oldest = now
	}
	p, err := r.plan(q, now, oldest)
	if err != nil {
		return History{}, err
	}
	a := newAggregate(p, r.series)
	if p.coarse() {
		r.foldCoarse(a, p)
	} else {
		r.foldFine(a, p)
	}
	return a.end(), nil
}

// foldFine gives all samples of a plan to a.
func (r *Recorder) foldFine(a *aggregate, p plan) {
	b := newBlock(a.lay(func(i int) span { return span{i, i, i} }), fineRows)
	r.mu.RLock()
	from, to := r.kept.fine.search(p.from), r.kept.fine.next
	points := r.kept.fine.points(from, to, p.step)
	r.mu.RUnlock()
	a.room(points)
	for from < to {
		b.clear()
		r.mu.RLock()
		from = r.kept.fine.copy(b, from, to)
		r.mu.RUnlock()
		a.add(b)
	}
}

// foldCoarse gives all seconds of a plan to a, and the one that is not yet over.
func (r *Recorder) foldCoarse(a *aggregate, p plan) {
	which := append(a.lay(func(i int) span { return r.kept.spans[i] }), weight)
	a.weight = len(which) - 1
	b, open := newBlock(which, coarseRows), newBlock(which, 1)
	r.mu.RLock()
	from, to := r.kept.coarse.search(p.from), r.kept.coarse.next
	points := r.kept.coarse.points(from, to, p.step) + 1
	if r.kept.openedAt >= p.from {
		r.kept.copyOpen(open)
	}
	r.mu.RUnlock()
	a.room(points)
	for from < to {
		b.clear()
		r.mu.RLock()
		from = r.kept.coarse.copy(b, from, to)
		r.mu.RUnlock()
		a.add(b)
	}
	a.add(open)
}

// AppendJSON appends h to b as an object of [History.AppendMembers].
func (h History) AppendJSON(b []byte) []byte {
	return append(h.AppendMembers(append(b, '{')), '}')
}

// MarshalJSON returns the same. It never fails.
func (h History) MarshalJSON() ([]byte, error) { return h.AppendJSON(nil), nil }

// AppendMembers appends "step_ms":100,"t":[…],"series":{"in_flight":{"kind":
// "gauge","mean":[…],"min":[…],"max":[…]},"finished":{"kind":"counter",
// "last":[…]}} to b, without the braces around, for who has members to add.
func (h History) AppendMembers(b []byte) []byte {
	b = append(b, `"step_ms":`...)
	b = strconv.AppendInt(b, h.Step.Milliseconds(), 10)
	b = append(b, `,"t":`...)
	b = appendTimes(b, h.T)
	b = append(b, `,"series":{`...)
	for i, l := range h.Lines {
		if i > 0 {
			b = append(b, ',')
		}
		b = l.appendJSON(b)
	}
	return append(b, '}')
}

func (l Line) appendJSON(b []byte) []byte {
	b = append(b, '"')
	b = append(b, l.Series.Name...)
	b = append(b, `":{"kind":"`...)
	b = append(b, l.Series.Kind.String()...)
	b = append(b, '"')
	switch l.Series.Kind {
	case Counter:
		b = appendMember(b, "last", l.Last)
	case High:
		b = appendMember(b, "max", l.Max)
	default:
		b = appendMember(b, "mean", l.Mean)
		b = appendMember(b, "min", l.Min)
		b = appendMember(b, "max", l.Max)
	}
	return append(b, '}')
}

func appendMember(b []byte, name string, values []float64) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return appendNumbers(b, values)
}
