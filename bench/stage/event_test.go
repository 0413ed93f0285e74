package bench_test

import (
	"fmt"
	"sync/atomic"
)

// event is what moves: two words, of which the second follows from the first.
type event struct{ id, value uint64 }

func nth(i uint64) event { return event{i, 3*i + 1} }

// fill is the loop of every producer of slices.
//
//go:noinline
func fill(evs []event, from uint64) {
	for i := range evs {
		evs[i] = nth(from + uint64(i))
	}
}

// tally is what one taker has seen. It has cache lines of its own.
type tally struct {
	_           [64]byte
	ids, values uint64
	_           [64]byte
}

// add is the loop of every handler of slices.
//
//go:noinline
func (t *tally) add(evs []event) {
	ids, values := t.ids, t.values
	for i := range evs {
		ids += evs[i].id
		values += evs[i].value
	}
	t.ids, t.values = ids, values
}

func (t *tally) addOne(ev event) {
	t.ids += ev.id
	t.values += ev.value
}

// check compares with what the events 0 … n-1 sum up to. As the values hold the
// number of events beside thrice their ids, it notices a lost one as well as one
// that came twice.
func (t *tally) check(n int) error {
	ids := uint64(n) * uint64(n-1) / 2
	if t.ids != ids || t.values != 3*ids+uint64(n) {
		return fmt.Errorf("handled %d events, not the %d that were sent", int64(t.values-3*t.ids), n)
	}
	return nil
}

// checkAll does so for what several takers have seen together.
func checkAll(all []tally, n int) error {
	var sum tally
	for i := range all {
		sum.ids += all[i].ids
		sum.values += all[i].values
	}
	return sum.check(n)
}

// crowd is a tally that many goroutines share, with little contention.
type crowd [64]struct {
	ids, values atomic.Uint64
	_           [112]byte
}

func (c *crowd) addOne(ev event) {
	cell := &c[ev.id/16%uint64(len(c))]
	cell.ids.Add(ev.id)
	cell.values.Add(ev.value)
}

func (c *crowd) add(evs []event) {
	var t tally
	t.add(evs)
	cell := &c[evs[0].id/16%uint64(len(c))]
	cell.ids.Add(t.ids)
	cell.values.Add(t.values)
}

func (c *crowd) check(n int) error {
	var t tally
	for i := range c {
		t.ids += c[i].ids.Load()
		t.values += c[i].values.Load()
	}
	return t.check(n)
}
