package bench_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/affluxlab/afflux/stage"
)

// graphs is the part of the table that is about what stands between a source and its
// takers.
func graphs() []section {
	const (
		slices = "channel of fresh slices of 1000, beside graphs"
		spread = "channel of fresh slices of 1000 to each of 3"
	)
	return []section{
		{"graphs, events of the source per second", []*trial{
			rate(slices, unsaid, unsaid, freshSlices(sliceLen, 1, 1)),
			rate("stage: producer, transform, consumer", slices, "≥ 80", chained(1)),
			rate("stage: producer, 4 transforms, consumer", slices, unsaid, chained(4)),
			rate("stage: producer, 16 transforms, consumer", slices, unsaid, chained(16)),
			rate("stage: producer, 64 transforms, consumer", slices, unsaid, chained(64)),
			rate("stage: producer, batcher of 100, consumer", slices, unsaid, batched(100)),
			rate("stage: producer, partition, 3 workers, 256 keys", slices, "≥ 50", partitioned(256, 256, 64)),
			rate("stage: producer, partition, 3 workers, keys by turns", slices, unsaid, partitioned(256, 256, 1)),
			rate("stage: producer, partition of 3, 3 workers, keys by turns", slices, "≥ 50", partitioned(3, 256, 1)),
		}},
		{"broadcast, events delivered per second", []*trial{
			rate(spread, unsaid, unsaid, spreadSlices(3)),
			delivered("stage: producer, broadcast to 1", spread, unsaid, 1),
			delivered("stage: producer, broadcast to 3", spread, "≥ 50", 3),
			delivered("stage: producer, broadcast to 10", spread, unsaid, 10),
			delivered("stage: producer, broadcast to 100", spread, unsaid, 100),
			delivered("stage: producer, broadcast to 1000", spread, unsaid, 1000),
		}},
	}
}

// delivered counts an event once for each that it goes to.
func delivered(name, against, aim string, takers int) *trial {
	return rate(name, against, aim, func(w *stopwatch, n int) error { return broadcast(takers)(w, max(1, n/takers)) })
}

// grown is a flow through what grow makes of the producer.
func grown(grow func(p *stage.Pipeline, from stage.Outlet[event]) (check func(n int) error, err error)) flow {
	return func(w *stopwatch, n int) error {
		p := stage.New("bench", stage.Config{})
		from := &counting{let: make(chan struct{}), n: uint64(n)}
		check, err := grow(p, stage.NewProducer(p, "producer", from, stage.ProducerConfig{}))
		if err != nil {
			return err
		}
		ran := make(chan error, 1)
		w.start()
		go func() { ran <- p.Run(context.Background()) }()
		close(from.let)
		err = <-ran
		w.stop()
		return errors.Join(err, check(n))
	}
}

// sink takes slices in one worker.
func sink(p *stage.Pipeline, name string, o stage.Outlet[event]) (*tally, error) {
	var t tally
	c := stage.NewSliceConsumer(p, name, func(_ context.Context, evs []event) error { t.add(evs); return nil }, stage.ConsumerConfig[event]{})
	_, err := c.Subscribe(o)
	return &t, err
}

func chained(transforms int) flow {
	return grown(func(p *stage.Pipeline, from stage.Outlet[event]) (func(int) error, error) {
		for i := range transforms {
			t := stage.NewSliceTransform(p, fmt.Sprint("t", i), func(_ context.Context, evs []event, emit func(event) error) error {
				for _, ev := range evs {
					if err := emit(ev); err != nil {
						return err
					}
				}
				return nil
			}, stage.TransformConfig[event]{Buffer: 4096})
			if _, err := t.Subscribe(from); err != nil {
				return nil, err
			}
			from = t
		}
		t, err := sink(p, "consumer", from)
		return t.check, err
	})
}

func batched(size int) flow {
	return grown(func(p *stage.Pipeline, from stage.Outlet[event]) (func(int) error, error) {
		b := stage.NewBatcher(p, "batcher", stage.BatcherConfig[int, event]{Size: size, Buffer: 64})
		if _, err := b.Subscribe(from); err != nil {
			return nil, err
		}
		var t tally
		c := stage.NewConsumer(p, "consumer", func(_ context.Context, l stage.Batch[int, event]) error { t.add(l.Events); return nil },
			stage.ConsumerConfig[stage.Batch[int, event]]{})
		_, err := c.Subscribe(b)
		return t.check, err
	})
}

// partitioned has runs of so many events of one key.
func partitioned(partitions, keys, run int) flow {
	return grown(func(p *stage.Pipeline, from stage.Outlet[event]) (func(int) error, error) {
		parts := stage.Partition(from, stage.PartitionConfig[event]{
			Key:        func(ev event) uint64 { return ev.id / uint64(run) % uint64(keys) },
			Partitions: partitions,
		})
		var seen crowd
		c := stage.NewSliceConsumer(p, "consumer", func(_ context.Context, evs []event) error { seen.add(evs); return nil },
			stage.ConsumerConfig[event]{Workers: 3})
		_, err := c.Subscribe(parts)
		return seen.check, err
	})
}

func broadcast(takers int) flow {
	return grown(func(p *stage.Pipeline, from stage.Outlet[event]) (func(int) error, error) {
		all := stage.NewBroadcast[event](p, "all", stage.BroadcastConfig{})
		if _, err := all.Subscribe(from); err != nil {
			return nil, err
		}
		var tallies []*tally
		for i := range takers {
			t, err := sink(p, fmt.Sprint("consumer", i), all)
			if err != nil {
				return nil, err
			}
			tallies = append(tallies, t)
		}
		return func(n int) (err error) {
			for _, t := range tallies {
				err = errors.Join(err, t.check(n))
			}
			return err
		}, nil
	})
}

// spreadSlices sends each slice to so many, over a channel for each.
func spreadSlices(takers int) flow {
	return func(w *stopwatch, n int) error {
		n = max(1, n/takers)
		tallies := make([]tally, takers)
		chans := make([]chan []event, takers)
		done := make(chan struct{})
		w.start()
		for i := range chans {
			chans[i] = make(chan []event, roomSlice)
			go func() {
				for evs := range chans[i] {
					tallies[i].add(evs)
				}
				done <- struct{}{}
			}()
		}
		for at := 0; at < n; at += sliceLen {
			evs := make([]event, min(sliceLen, n-at))
			fill(evs, uint64(at))
			for _, ch := range chans {
				ch <- evs
			}
		}
		for _, ch := range chans {
			close(ch)
		}
		for range chans {
			<-done
		}
		w.stop()
		var err error
		for i := range tallies {
			err = errors.Join(err, tallies[i].check(n))
		}
		return err
	}
}
