package stage_test

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestAnObserverThatEndsItsGoroutineLosesNothing(t *testing.T) {
	for _, spawn := range []bool{false, true} {
		stagetest.Run(t, stage.Config{Observe: func(stage.Handled) { runtime.Goexit() }}, func(b *stagetest.Bubble) {
			var seen stagetest.Record[int]
			q := queueOf(b, stage.QueueConfig{})
			policy := func(f stage.Failure[int]) stage.Verdict {
				b.Errorf("asked about event %d, whose handler returned nil: %v", f.Event, f.Err)
				return stage.Verdict{}
			}
			handle := seen.Handle("c", stagetest.Work[int](time.Second))
			var to stagetest.Taker[int]
			if spawn {
				to = stage.NewSpawner(b.Pipeline, "c", handle, stage.SpawnerConfig[int]{Max: 2, OnError: policy})
			} else {
				to = stage.NewConsumer(b.Pipeline, "c", handle, stage.ConsumerConfig[int]{Workers: 2, OnError: policy})
			}
			stagetest.Subscribe(b, to, q)
			run := b.Start()
			stagetest.Push(b, q, stagetest.Ints(1, 6)...)
			b.Advance(3 * time.Second) // two at a time, all the time
			o := b.Outlet("jobs")
			expect(b, "done", o.Done, 6)
			expect(b, "in hand", o.Hands, 0)
			expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 6))
			b.Drain()
			expectErr(b, "run", run.Wait(), nil)
		})
	}
}

func TestTheObserverOfAStageIsToldTheEventsOfEachCall(t *testing.T) {
	type told struct {
		stage.Handled
		event int
	}
	for _, spawn := range []bool{false, true} {
		stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
			var seen []told
			observe := func(h stage.Handled, evs []int) { seen = append(seen, told{h, evs[0]}) }
			policy := func(f stage.Failure[int]) stage.Verdict {
				if f.Attempt < 2 {
					return stage.RetryAfter(time.Second)
				}
				return stage.Verdict{}
			}
			handle := func(_ context.Context, ev int) error {
				time.Sleep(time.Second)
				if ev == 2 {
					return errAlways
				}
				return nil
			}
			q := queueOf(b, stage.QueueConfig{})
			var to stagetest.Taker[int]
			if spawn {
				to = stage.NewSpawner(b.Pipeline, "c", handle, stage.SpawnerConfig[int]{Max: 1, OnError: policy, Observe: observe})
			} else {
				to = stage.NewConsumer(b.Pipeline, "c", handle, stage.ConsumerConfig[int]{OnError: policy, Observe: observe})
			}
			stagetest.Subscribe(b, to, q)
			run := b.Start()
			stagetest.Push(b, q, 1, 2)
			b.Advance(10 * time.Second)
			b.Drain()
			expectErr(b, "run", run.Wait(), nil)
			want := []told{
				{stage.Handled{Stage: "c", Outlet: "jobs", Seq: 0, Events: 1, Attempt: 1, Service: time.Second, Done: 1}, 1},
				{stage.Handled{Stage: "c", Outlet: "jobs", Seq: 1, Events: 1, Attempt: 1, BufferWait: time.Second, Service: time.Second, Retried: 1, Err: errAlways}, 2},
				{stage.Handled{Stage: "c", Outlet: "jobs", Seq: 1, Events: 1, Attempt: 2, BufferWait: 3 * time.Second, Service: time.Second, Failed: 1, Err: errAlways}, 2},
			}
			for i := range seen {
				seen[i].Accepted = time.Time{}
			}
			if !slices.Equal(seen, want) {
				b.Errorf("spawner %v: told\n%+v, want\n%+v", spawn, seen, want)
			}
		})
	}
}

func TestAnObserverIsToldOfAUseThatEndedItsGoroutine(t *testing.T) {
	for _, spawn := range []bool{false, true} {
		stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
			var failed atomic.Int64 // tasks end at the same time
			observe := func(h stage.Handled, _ []int) { failed.Add(int64(h.Failed)) }
			drop := func(stage.Failure[int]) stage.Verdict { return stage.Verdict{} }
			handle := func(context.Context, int) error { runtime.Goexit(); return nil }
			q := queueOf(b, stage.QueueConfig{})
			var to stagetest.Taker[int]
			if spawn {
				to = stage.NewSpawner(b.Pipeline, "c", handle, stage.SpawnerConfig[int]{OnError: drop, Observe: observe})
			} else {
				to = stage.NewConsumer(b.Pipeline, "c", handle, stage.ConsumerConfig[int]{OnError: drop, Observe: observe})
			}
			stagetest.Subscribe(b, to, q)
			run := b.Start()
			stagetest.Push(b, q, 1, 2, 3)
			b.Drain()
			expectErr(b, "run", run.Wait(), nil)
			expect(b, "failures told", failed.Load(), 3)
		})
	}
}
