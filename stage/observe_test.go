package stage_test

import (
	"runtime"
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
