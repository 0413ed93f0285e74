package bench_test

import (
	"context"
	"sync"
)

const (
	room      = 1024 // of a channel of events
	roomSlice = 16   // of a channel of slices
	sliceLen  = 1000
)

// part is the share of the i-th of so many pushers in n events.
func part(i, pushers, n int) (from, to uint64) {
	return uint64(i * n / pushers), uint64((i + 1) * n / pushers)
}

// channel is a plain one, with so many pushers.
func channel(capacity, pushers int) flow {
	return func(w *stopwatch, n int) error {
		ch := make(chan event, capacity)
		var t tally
		var taker, senders sync.WaitGroup
		w.start()
		taker.Go(func() {
			for ev := range ch {
				t.addOne(ev)
			}
		})
		for p := range pushers {
			senders.Go(func() {
				from, to := part(p, pushers, n)
				for i := from; i < to; i++ {
					ch <- nth(i)
				}
			})
		}
		senders.Wait()
		close(ch)
		taker.Wait()
		w.stop()
		return t.check(n)
	}
}

// selecting is a channel of which both sides watch a context.
func selecting(capacity, pushers int) flow {
	return func(w *stopwatch, n int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ch := make(chan event, capacity)
		var t tally
		var taker, senders sync.WaitGroup
		w.start()
		taker.Go(func() {
			for {
				select {
				case ev, ok := <-ch:
					if !ok {
						return
					}
					t.addOne(ev)
				case <-ctx.Done():
					return
				}
			}
		})
		for p := range pushers {
			senders.Go(func() {
				from, to := part(p, pushers, n)
				for i := from; i < to; i++ {
					select {
					case ch <- nth(i):
					case <-ctx.Done():
						return
					}
				}
			})
		}
		senders.Wait()
		close(ch)
		taker.Wait()
		w.stop()
		return t.check(n)
	}
}

// freshSlices is a channel of slices that are made for each turn.
func freshSlices(size, pushers, takers int) flow {
	return slicesBy(size, pushers, takers, func() []event { return make([]event, size) }, func([]event) {})
}

// recycledSlices come back through a second channel.
func recycledSlices(size, pushers, takers int) flow {
	all := roomSlice + pushers + takers
	free := make(chan []event, all)
	for range all {
		free <- make([]event, size)
	}
	return slicesBy(size, pushers, takers, func() []event { return <-free }, func(evs []event) { free <- evs[:size] })
}

func slicesBy(size, pushers, takers int, get func() []event, put func([]event)) flow {
	return func(w *stopwatch, n int) error {
		ch := make(chan []event, roomSlice)
		tallies := make([]tally, takers)
		var taking, sending sync.WaitGroup
		w.start()
		for i := range takers {
			taking.Go(func() {
				for evs := range ch {
					tallies[i].add(evs)
					put(evs)
				}
			})
		}
		for p := range pushers {
			sending.Go(func() {
				for from, to := part(p, pushers, n); from < to; {
					evs := get()[:min(uint64(size), to-from)]
					fill(evs, from)
					from += uint64(len(evs))
					ch <- evs
				}
			})
		}
		sending.Wait()
		close(ch)
		taking.Wait()
		w.stop()
		return checkAll(tallies, n)
	}
}

// semaphore starts a goroutine for each event, at most limit at once.
func semaphore(limit int) flow {
	return func(w *stopwatch, n int) error {
		slots := make(chan struct{}, limit)
		var seen crowd
		var tasks sync.WaitGroup
		w.start()
		for i := range uint64(n) {
			ev := nth(i)
			slots <- struct{}{}
			tasks.Go(func() {
				seen.addOne(ev)
				<-slots
			})
		}
		tasks.Wait()
		w.stop()
		return seen.check(n)
	}
}
