package stage_test

import (
	"slices"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func Test38_PoisonDoesNotSpread(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var letters stagetest.Record[stage.Failure[int]]
		q := queueOf(b, stage.QueueConfig{})
		h := stagetest.When(stagetest.Is(6), stagetest.Fail[int](-1, stagetest.ErrPlanned), stagetest.Work[int](time.Minute))
		tasks := stage.NewSpawner(b.Pipeline, "tasks", seen.Handle("tasks", h), stage.SpawnerConfig[int]{
			Max: 6,
			OnError: func(f stage.Failure[int]) stage.Verdict {
				if f.Attempt < 4 {
					return stage.RetryAfter(time.Second)
				}
				return stage.Verdict{Action: stage.DeadLetter}
			},
		})
		stagetest.Subscribe(b, tasks, q)
		dead := stage.NewConsumer(b.Pipeline, "dead", letters.Handle("dead", nil), stage.ConsumerConfig[stage.Failure[int]]{})
		stagetest.Subscribe(b, dead, tasks.DeadLetters())
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 6)...)
		b.At(3 * time.Second)
		expect(b, "dead letters", len(letters.Done()), 1)
		f := letters.Done()[0]
		expect(b, "event, attempt", []int{f.Event, f.Attempt}, []int{6, 4})
		expect(b, "the others run", seen.Running(), 5)
		b.At(time.Minute)
		expectOnce(b, "finished", seen.Done(), stagetest.Ints(1, 5))
		expect(b, "state", b.Stage("tasks").State, stage.StateRunning)
	})
}

func Test39_SpawnerLimit(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		work := stagetest.WorkFor(func(ev int) time.Duration { return time.Duration(100+ev*37%90) * ms })
		tasks := stage.NewSpawner(b.Pipeline, "tasks", seen.Handle("tasks", work), stage.SpawnerConfig[int]{Max: 50})
		stagetest.Subscribe(b, tasks, q)
		pushAll(b, q, stagetest.Ints(1, 1000))
		b.Start()
		for b.Outlet("jobs").Buffer > 0 { // each end is followed by a start in the same instant
			expect(b, "running", []int{seen.Running(), b.Stage("tasks").Workers}, []int{50, 50})
			b.Advance(ms)
		}
		b.Drain()
		expect(b, "most", seen.Most(), 50)
		expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 1000))
	})
	t.Run("a retry keeps no slot", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			var seen stagetest.Record[int]
			q := queueOf(b, stage.QueueConfig{})
			h := stagetest.Chain(stagetest.Work[int](time.Second),
				stagetest.When(func(ev int) bool { return ev <= 2 }, stagetest.Fail[int](1, stagetest.ErrPlanned), nil))
			tasks := stage.NewSpawner(b.Pipeline, "tasks", seen.Handle("tasks", h), stage.SpawnerConfig[int]{
				Max: 2, OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Hour) },
			})
			stagetest.Subscribe(b, tasks, q)
			stagetest.Push(b, q, stagetest.Ints(1, 6)...)
			b.Start()
			b.At(3 * time.Second)
			expectOnce(b, "done while two are to be retried", seen.Done(), stagetest.Ints(3, 6))
			expect(b, "delayed", b.Outlet("jobs").Delayed, 2)
			b.At(2 * time.Hour)
			expectOnce(b, "done", seen.Done(), stagetest.Ints(1, 6))
		})
	})
}

func Test40_SpawnerResizeCancel(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var failed failures
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		tasks := stage.NewSpawner(b.Pipeline, "tasks", seen.Handle("tasks", gate.Handle), stage.SpawnerConfig[int]{
			Max: 50, OnError: failed.then(stage.Verdict{}),
		})
		stagetest.Subscribe(b, tasks, q)
		pushAll(b, q, stagetest.Ints(1, 1000))
		b.Start()
		b.At(time.Second)
		expect(b, "running", seen.Running(), 50)
		expectErr(b, "resize", tasks.Resize(200), nil)
		b.Rest()
		expect(b, "running in the same instant", seen.Running(), 200)

		expectErr(b, "resize", tasks.Resize(10), nil)
		for _, step := range []struct{ release, running, begun int }{
			{0, 200, 200}, {100, 100, 200}, {89, 11, 200}, {1, 10, 200}, {1, 10, 201}, {5, 10, 206},
		} {
			gate.Release(step.release)
			b.Rest()
			expect(b, "running, begun", []int{seen.Running(), len(seen.Calls())}, []int{step.running, step.begun})
		}

		all := slices.Collect(tasks.Tasks())
		expect(b, "tasks", len(all), 10)
		expect(b, "cancelled", tasks.Cancel(all[3].ID, errKilled), true)
		b.Rest()
		expect(b, "cancelled again", tasks.Cancel(all[3].ID, errKilled), false)
		expect(b, "failed", len(failed.all), 1)
		expect(b, "which", failed.all[0].Seq, all[3].Seq)
		expectErr(b, "with the cause", failed.all[0].Err, errKilled)
		expect(b, "running: nine others, and the next", seen.Running(), 10)
		expect(b, "no other has ended", int(b.Outlet("jobs").Done+b.Outlet("jobs").Failed), 100+89+1+1+5+1)
		gate.Open()
		b.Drain()
	})
}

// Refill asks again after that many have finished, as ConsumerSupervisor does.
func TestASpawnerRefillsInGroups(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		tasks := stage.NewSpawner(b.Pipeline, "tasks", seen.Handle("tasks", gate.Handle), stage.SpawnerConfig[int]{Max: 10, Refill: 8})
		stagetest.Subscribe(b, tasks, q)
		pushAll(b, q, stagetest.Ints(1, 100))
		b.Start()
		for ended, running := range []int{10, 9, 8, 7, 6, 5, 4, 3, 10, 9} {
			expect(b, "running", seen.Running(), running)
			expect(b, "ended", len(seen.Done()), ended)
			gate.Release(1)
			b.Rest()
		}
		expectErr(b, "refill of one", tasks.SetSlots(10, 1), nil)
		b.Rest()
		expect(b, "running", seen.Running(), 10)
		gate.Open()
		b.Drain()
	})
}

// What holds of a killed consumer holds of a spawner.
func TestAKilledSpawnerGivesItsTasksBack(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var failed failures
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		tasks := stage.NewSpawner(b.Pipeline, "tasks", seen.Handle("tasks", gate.Handle), stage.SpawnerConfig[int]{
			Max: 3, OnError: failed.then(stage.Verdict{}),
		})
		stagetest.Subscribe(b, tasks, q)
		stagetest.Push(b, q, stagetest.Ints(1, 5)...)
		expectErr(b, "killed", b.Serve(tasks).Stop(errKilled), errKilled)
		b.Rest()
		expect(b, "buffer, inbox, hand", where(b), []int{5, 0, 0})
		expect(b, "failed", failed.events(), nil)
		b.Serve(tasks)
		expectOnce(b, "in hand again", gate.Holds(), stagetest.Ints(1, 3))
		gate.Open()
		b.Drain()
		expectOnce(b, "done", seen.Done(), stagetest.Ints(1, 5))
	})
}
