package stage_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func Test12_FairShareOfOneBurst(t *testing.T) {
	work := stagetest.Work[int](ms)
	for kind, make := range map[string]func(*stagetest.Bubble, string, *stagetest.Record[int]) *stage.Consumer[int]{
		"single": func(b *stagetest.Bubble, name string, seen *stagetest.Record[int]) *stage.Consumer[int] {
			return one(b, name, seen.Handle(name, work))
		},
		"slices": func(b *stagetest.Bubble, name string, seen *stagetest.Record[int]) *stage.Consumer[int] {
			return sliced(b, name, seen.HandleSlice(name, stagetest.Each(work)))
		},
	} {
		t.Run(kind, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				q := queueOf(b, stage.QueueConfig{})
				for _, name := range []string{"a", "b", "c"} {
					stagetest.Subscribe(b, make(b, name, &seen), q)
				}
				run := b.Start()
				pushAll(b, q, stagetest.Ints(1, 900))
				b.Rest()
				expect(b, "busy from the start", seen.Running(), 3)
				q.Close()
				expectErr(b, "run", run.Wait(), nil)
				slice := slices.Max(seen.Lens())
				for name, n := range seen.By() {
					if n < 300-slice || n > 300+slice {
						b.Errorf("%s handled %d of 900 in slices of at most %d, want a third", name, n, slice)
					}
				}
				expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 900))
			})
		})
	}
}

func Test13_LateWorkerHelps(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Work[int](500*ms)), stage.ConsumerConfig[int]{Workers: 3})
		stagetest.Subscribe(b, c, q)
		pushAll(b, q, stagetest.Ints(1, 1000))
		q.Close()
		run := b.Start()
		b.At(10 * time.Second)
		expectErr(b, "resize", c.Resize(6), nil)
		expectErr(b, "run", run.Wait(), nil)
		if end := stagetest.Elapsed(); end < 88*time.Second || end > 89*time.Second {
			b.Errorf("ended at %v, want 88.5s ± 0.5s", end)
		}
		expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 1000))
	})
}

func Test14_ShrinkLosesNothing(t *testing.T) {
	for name, how := range map[string]stage.SubOption{"lazy": stage.Lazy(1, ms), "prefetch": stage.Demand(50, 25)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				q := queueOf(b, stage.QueueConfig{})
				c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Work[int](500*ms)), stage.ConsumerConfig[int]{Workers: 6})
				stagetest.Subscribe(b, c, q, how)
				pushAll(b, q, stagetest.Ints(1, 100))
				q.Close()
				run := b.Start()
				b.At(1200 * ms)
				expect(b, "busy before", seen.Running(), 6)
				expectErr(b, "resize", c.Resize(1), nil)
				b.Rest()
				expect(b, "busy until what is in hand has finished", seen.Running(), 6)
				for b.At(1500 * ms); !run.Ended(); b.Advance(250 * ms) {
					if n := seen.Running(); n > 1 {
						b.Fatalf("%d are busy at %v, want 1", n, stagetest.Elapsed())
					}
				}
				expectErr(b, "run", run.Wait(), nil)
				expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 100))
				expect(b, "calls", len(seen.Calls()), 100)
			})
		})
	}
}

func Test15_AutoSliceSlow(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", stagetest.Each(stagetest.Work[int](500*ms)))), q)
		pushAll(b, q, stagetest.Ints(1, 100))
		b.Start()
		b.Drain()
		expect(b, "longest slice after the first", slices.Max(seen.Lens()[1:]), 1)
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 100))
	})
}

func Test16_AutoSliceFast(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 100_000})
		work := func(_ context.Context, evs []int) error {
			time.Sleep(time.Duration(len(evs)) * 100 * time.Nanosecond)
			return nil
		}
		stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", work)), q)
		pushAll(b, q, stagetest.Ints(1, 100_000))
		b.Start()
		b.Drain()
		expect(b, "longest slice in 12 takes", slices.Max(seen.Lens()[:12]), 1024)
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 100_000))
	})
}

// However much a worker could take at once, a short queue is shared.
func TestASliceIsAFairPartOfAShortQueue(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 3000})
		c := stage.NewSliceConsumer(b.Pipeline, "c", seen.HandleSlice("c", stagetest.Each(stagetest.Work[int](20*time.Microsecond))),
			stage.ConsumerConfig[int]{Workers: 3})
		stagetest.Subscribe(b, c, q)
		pushAll(b, q, stagetest.Ints(1, 3000))
		b.Start()
		b.Advance(time.Second)
		if most := slices.Max(seen.Lens()); most < 20 {
			b.Fatalf("slices of at most %d events of 20 µs, want what takes about 1 ms", most)
		}
		before := len(seen.Calls())
		pushAll(b, q, stagetest.Ints(1, 30))
		b.Rest()
		expect(b, "busy", seen.Running(), 3)
		b.Advance(time.Second)
		expect(b, "longest slice of 30 for three", slices.Max(seen.Lens()[before:]), 10)
	})
}

// Slices that turn slow shrink again.
func TestASliceShrinksWithSlowEvents(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 100_000})
		work := stagetest.WorkFor(func(ev int) time.Duration {
			if ev < 10_000 {
				return 0
			}
			return ms
		})
		stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", stagetest.Each(work))), q, stage.Lazy(64, 10*ms))
		pushAll(b, q, stagetest.Ints(1, 11_000))
		b.Start()
		b.Drain()
		lens := seen.Lens()
		expect(b, "longest slice", slices.Max(lens), 64)
		for i, call := range seen.Calls() {
			if call.Events[0] > 10_000+64 && lens[i] > 10 {
				b.Fatalf("%d events of 1 ms in one call, want what fits into 10 ms", lens[i])
			}
		}
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 11_000))
	})
}
