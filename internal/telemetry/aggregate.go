package telemetry

import "time"

// aggregate makes buckets of rows. It is a plain value: no lock, no clock.
type aggregate struct {
	step   int64
	weight int // the column of a block that says how many samples a row is; -1: one each
	lines  []accumulator
	times  []int64 // of the buckets, unix milliseconds

	open    bool  // there is a bucket
	bucket  int64 // its number: its begin divided by step
	samples float64
}

// accumulator is one series, and of it the bucket that is being filled.
type accumulator struct {
	Line
	number         int  // of the series
	at             span // in a block
	sum, low, high float64
	last           float64
}

func newAggregate(p plan, series []Series) *aggregate {
	a := &aggregate{step: p.step, weight: -1, lines: make([]accumulator, len(p.series))}
	for i, number := range p.series {
		a.lines[i] = accumulator{Line: Line{Series: series[number]}, number: number}
	}
	return a
}

// lay decides where in a block the series stand, and returns the columns that the
// block has to have. of says where in the ring each stands.
func (a *aggregate) lay(of func(series int) span) (which []int) {
	for i := range a.lines {
		l := &a.lines[i]
		from, at := of(l.number), len(which)
		l.at = span{at, at, at}
		which = append(which, from.sum)
		if from.low != from.sum {
			l.at.low, l.at.high = at+1, at+2
			which = append(which, from.low, from.high)
		}
	}
	return which
}

// room makes room for that many buckets.
func (a *aggregate) room(points int) {
	a.times = make([]int64, 0, points)
	for i := range a.lines {
		l := &a.lines[i]
		switch l.Series.Kind {
		case Counter:
			l.Last = make([]float64, 0, points)
		case High:
			l.Max = make([]float64, 0, points)
		default:
			l.Mean, l.Min, l.Max = make([]float64, 0, points), make([]float64, 0, points), make([]float64, 0, points)
		}
	}
}

// add adds rows, which are later than all before.
func (a *aggregate) add(b *block) {
	for lo := 0; lo < len(b.at); {
		bucket, hi := b.at[lo]/a.step, lo+1
		for hi < len(b.at) && b.at[hi]/a.step == bucket {
			hi++
		}
		if !a.open || bucket != a.bucket {
			a.next(bucket)
		}
		a.fold(b, lo, hi)
		lo = hi
	}
}

// next finishes the bucket that is being filled, and begins another.
func (a *aggregate) next(bucket int64) {
	a.finish()
	a.open, a.bucket, a.samples = true, bucket, 0
	a.times = append(a.times, bucket*a.step/int64(time.Millisecond))
}

// fold adds rows lo to hi to the bucket.
func (a *aggregate) fold(b *block, lo, hi int) {
	for i := range a.lines {
		a.lines[i].fold(b, lo, hi, a.samples == 0)
	}
	if a.weight < 0 {
		a.samples += float64(hi - lo)
		return
	}
	for _, n := range b.columns[a.weight][lo:hi] {
		a.samples += n
	}
}

// fold adds rows lo to hi of one series; they may be the first of the bucket.
func (l *accumulator) fold(b *block, lo, hi int, first bool) {
	sums := b.columns[l.at.sum][lo:hi]
	l.last = sums[len(sums)-1]
	if l.Series.Kind == Counter {
		return
	}
	lows, highs := b.columns[l.at.low][lo:hi], b.columns[l.at.high][lo:hi]
	if first {
		l.sum, l.low, l.high = 0, lows[0], highs[0]
	}
	for i, v := range sums {
		l.sum += v
		l.low = min(l.low, lows[i])
		l.high = max(l.high, highs[i])
	}
}

// finish puts the bucket away, if there is one.
func (a *aggregate) finish() {
	if !a.open {
		return
	}
	for i := range a.lines {
		l := &a.lines[i]
		switch l.Series.Kind {
		case Counter:
			l.Last = append(l.Last, l.last)
		case High:
			l.Max = append(l.Max, l.high)
		default:
			l.Mean = append(l.Mean, l.sum/a.samples)
			l.Min = append(l.Min, l.low)
			l.Max = append(l.Max, l.high)
		}
	}
}

// end finishes the last bucket and returns what has become of all.
func (a *aggregate) end() History {
	a.finish()
	a.open = false
	h := History{Step: time.Duration(a.step), T: a.times, Lines: make([]Line, len(a.lines))}
	for i, l := range a.lines {
		h.Lines[i] = l.Line
	}
	return h
}
