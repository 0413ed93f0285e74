package bench_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// snapshots is the part of the table that is about looking.
func snapshots() []section {
	const without = "stage: producer, 1 consumer, lazy, nobody looks"
	one := taking{by: []stage.SubOption{stage.Lazy(1000, time.Millisecond)}}
	return []section{{"a snapshot", []*trial{
		look("of ten stages, at rest", 0),
		look("of ten stages, 5,000 events a second through each", 5),
		look("of ten stages, 500,000 events a second through each", 500),
		rate(without, unsaid, unsaid, produced(one, 0, nil)),
		rate("stage: producer, 1 consumer, lazy, 50 snapshots a second", without, unsaid, produced(one, 0, looking)),
	}}}
}

// looking takes 50 snapshots a second.
func looking(p *stage.Pipeline) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var looker sync.WaitGroup
	looker.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.Snapshot()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { cancel(); looker.Wait() }
}

// look takes a snapshot each ms, just after so many events went into each of five
// queues, which have a consumer each.
func look(name string, perMS int) *trial {
	return &trial{
		rows: []*row{{name: name + ", p50", unit: "µs", aim: "≤ 20"}, {name: name + ", p99", unit: "µs"}},
		run:  func(turn time.Duration) ([]sample, error) { return lookFor(turn, perMS) },
	}
}

func lookFor(turn time.Duration, perMS int) ([]sample, error) {
	p := stage.New("bench", stage.Config{})
	lanes, err := fiveLanes(p)
	if err != nil {
		return nil, err
	}
	ran := make(chan error, 1)
	go func() { ran <- p.Run(context.Background()) }()
	if err := ready(p, 1); err != nil {
		return nil, err
	}
	sent := 1000 // so that no histogram is empty
	if err := lanes.push(0, sent); err != nil {
		return nil, err
	}
	var took []float64
	for began := time.Now(); time.Since(began) < turn; time.Sleep(time.Millisecond) {
		if err := lanes.push(sent, sent+perMS); err != nil {
			return nil, err
		}
		sent += perMS
		before := time.Now()
		p.Snapshot()
		took = append(took, us(time.Since(before)))
	}
	allocs := allocsOf(func() { p.Snapshot() })
	err = errors.Join(lanes.finish(sent), <-ran)
	slices.Sort(took)
	at := func(percent int) float64 { return took[len(took)*percent/100] }
	return []sample{{at(50), allocs}, value(at(99))}, err
}

// allocsOf is the mean of a hundred calls.
func allocsOf(f func()) float64 {
	var w stopwatch
	w.start()
	for range 100 {
		f()
	}
	w.stop()
	return float64(w.mallocs) / 100
}

// lanes are queues that have a consumer each.
type lanes []lane

type lane struct {
	queue *stage.Queue[event]
	crew  *crew
}

func fiveLanes(p *stage.Pipeline) (all lanes, err error) {
	for i := range 5 {
		q := stage.NewQueue[event](p, fmt.Sprint("queue-", i+1), stage.QueueConfig{Buffer: 10_000})
		c, err := taking{name: fmt.Sprint("lane-", i+1, "-")}.join(p, q)
		if err != nil {
			return nil, err
		}
		all = append(all, lane{q, c})
	}
	return all, nil
}

// push puts the events from … to-1 into each.
func (l lanes) push(from, to int) error {
	for _, one := range l {
		if err := pushEach(context.Background(), one.queue, uint64(from), uint64(to)); err != nil {
			return err
		}
	}
	return nil
}

// finish waits until all n events of each lane are handled.
func (l lanes) finish(n int) error {
	var failed []error
	for _, one := range l {
		one.queue.Close()
		one.crew.done()
		failed = append(failed, one.crew.check(n))
	}
	return errors.Join(failed...)
}
