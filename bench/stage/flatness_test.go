package bench_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// flatness is the part of the table that tells whether an event costs the same
// whatever there is beside.
func flatness() []section {
	return []section{
		{"cost of an event by workers", byWorkers()},
		{"cost of an event by what waits", byBacklog()},
	}
}

func byWorkers() (trials []*trial) {
	const much = 100_000
	for _, kind := range []string{"slices", "single events"} {
		first := unsaid
		add := func(name string, k taking) {
			k.single = kind == "single events"
			trials = append(trials, cost(name, first, produced(k, much, nil)))
			if first == unsaid {
				first = name
			}
		}
		for _, workers := range []int{1, 8, 64, 1000, 10_000} {
			add(fmt.Sprintf("%s, lazy, %s workers", kind, thousands(workers)), taking{workers: workers})
		}
		first = unsaid
		for _, consumers := range []int{1, 1000} {
			add(fmt.Sprintf("%s, Demand(10, 5), %s consumers", kind, thousands(consumers)),
				taking{consumers: consumers, by: []stage.SubOption{stage.Demand(10, 5)}})
		}
	}
	return trials
}

func byBacklog() (trials []*trial) {
	const name = "%s, %s waiting"
	for n := 1000; n <= 10_000_000; n *= 10 {
		rows := []*row{
			{name: fmt.Sprintf(name, "push", thousands(n)), unit: "ns"},
			{name: fmt.Sprintf(name, "handle", thousands(n)), unit: "ns"},
		}
		if n > 1000 {
			rows[0].against, rows[1].against = trials[0].rows[0].name, trials[0].rows[1].name
		}
		trials = append(trials, &trial{rows: rows, run: func(turn time.Duration) ([]sample, error) { return backlog(turn, n) }})
	}
	const full = "refused by a full channel"
	return append(trials,
		fillChannel("push into a channel, 1,000 waiting", trials[0], 1000),
		fillChannel("push into a channel, 10,000,000 waiting", trials[4], 10_000_000),
		&trial{
			rows: []*row{{name: "memory of an event beyond its size, 1,000,000 waiting", unit: "B", aim: "≤ 8"}},
			run:  func(time.Duration) ([]sample, error) { return weight(1_000_000) },
		},
		cost(full, unsaid, refusedByChannel),
		cost("refused by a full queue, TryPush", full, refused),
	)
}

// thousands writes n with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return strings.TrimSpace(s)
}

// backlog pushes n events while the queue is paused and then lets them be handled,
// again and again. It tells what both cost.
func backlog(turn time.Duration, n int) ([]sample, error) {
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[event](p, "queue", stage.QueueConfig{Buffer: n})
	var t tally
	sum, done := uint64(0), make(chan struct{}, 1) // of the values that make a round
	c := stage.NewSliceConsumer(p, "consumer", func(_ context.Context, evs []event) error {
		if t.add(evs); t.values == sum {
			done <- struct{}{}
		}
		return nil
	}, stage.ConsumerConfig[event]{})
	if _, err := c.Subscribe(q); err != nil {
		return nil, err
	}
	ran := make(chan error, 1)
	go func() { ran <- p.Run(context.Background()) }()
	if err := ready(p, 1); err != nil {
		return nil, err
	}
	var pushing, handling stopwatch
	var pushTime, handleTime time.Duration
	var pushAllocs, handleAllocs uint64
	sent := 0
	for began := time.Now(); sent == 0 || time.Since(began) < turn; {
		q.Pause()
		pushing.start()
		if err := pushEach(context.Background(), q, uint64(sent), uint64(sent+n)); err != nil {
			return nil, err
		}
		pushing.stop()
		sent += n
		all := uint64(sent)
		sum = 3*(all*(all-1)/2) + all
		handling.start()
		q.Resume()
		<-done
		handling.stop()
		pushTime, handleTime = pushTime+pushing.took, handleTime+handling.took
		pushAllocs, handleAllocs = pushAllocs+pushing.mallocs, handleAllocs+handling.mallocs
	}
	q.Close()
	each := func(took time.Duration, allocs uint64) sample {
		return sample{float64(took.Nanoseconds()) / float64(sent), float64(allocs) / float64(sent)}
	}
	return []sample{each(pushTime, pushAllocs), each(handleTime, handleAllocs)}, errors.Join(<-ran, t.check(sent))
}

func fillChannel(name string, against *trial, n int) *trial {
	return &trial{
		rows: []*row{{name: name, unit: "ns", against: against.rows[0].name}},
		run:  func(turn time.Duration) ([]sample, error) { return channelBacklog(turn, n) },
	}
}

// channelBacklog is what a push into a channel costs that has room for n and takes
// n, the making of the channel included, as a queue makes room while it is pushed
// to.
func channelBacklog(turn time.Duration, n int) ([]sample, error) {
	var w stopwatch
	var t tally
	var took time.Duration
	var mallocs uint64
	sent := 0
	for began := time.Now(); sent == 0 || time.Since(began) < turn; {
		w.start()
		ch := make(chan event, n)
		for i := range n {
			ch <- nth(uint64(sent + i))
		}
		w.stop()
		sent, took, mallocs = sent+n, took+w.took, mallocs+w.mallocs
		for range n {
			t.addOne(<-ch)
		}
	}
	return []sample{{float64(took.Nanoseconds()) / float64(sent), float64(mallocs) / float64(sent)}}, t.check(sent)
}

// weight is what one of n waiting events costs in memory, beyond its own 16 bytes.
func weight(n int) ([]sample, error) {
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[event](p, "queue", stage.QueueConfig{Buffer: n})
	before := heap()
	if err := pushEach(context.Background(), q, 0, uint64(n)); err != nil {
		return nil, err
	}
	after := heap()
	if q.Len() != n {
		return nil, fmt.Errorf("%d wait, not %d", q.Len(), n)
	}
	return []sample{value((after-before)/float64(n) - 16)}, nil
}

// heap is what is in use after a collection.
func heap() float64 {
	runtime.GC()
	runtime.GC() // what the first one found to be finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// refused pushes n times to a full queue.
func refused(w *stopwatch, n int) error {
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[event](p, "queue", stage.QueueConfig{Buffer: 10})
	if err := pushEach(context.Background(), q, 0, 10); err != nil {
		return err
	}
	full := 0
	w.start()
	for i := range uint64(n) {
		if q.TryPush(nth(i)) == stage.ErrFull {
			full++
		}
	}
	w.stop()
	if rejected := p.Snapshot().Outlets[0].Rejected; full != n || rejected != uint64(n) {
		return fmt.Errorf("%d refused, %d in the books, of %d", full, rejected, n)
	}
	return nil
}

func refusedByChannel(w *stopwatch, n int) error {
	ch := make(chan event, 10)
	for range cap(ch) {
		ch <- event{}
	}
	full := 0
	w.start()
	for i := range uint64(n) {
		select {
		case ch <- nth(i):
		default:
			full++
		}
	}
	w.stop()
	if full != n {
		return fmt.Errorf("%d refused of %d", full, n)
	}
	return nil
}
