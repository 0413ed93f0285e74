package stage_test

import (
	"context"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// The failure of an outlet is final only under Run: a supervisor may start a source
// again. Permanent has a test of its own, Test48_EndModes_Permanent.
func Test48_EndModes(t *testing.T) {
	// Each case ends what the consumer takes from, and says how it ended.
	type outcome func(b *stagetest.Bubble, run *stagetest.Task)
	runs := func(b *stagetest.Bubble, run *stagetest.Task) {
		b.Advance(time.Hour)
		expect(b, "state", b.Stage("c").State, stage.StateRunning)
		expect(b, "run has ended", run.Ended(), false)
	}
	done := func(b *stagetest.Bubble, run *stagetest.Task) {
		expectErr(b, "run", run.Wait(), nil)
		expect(b, "state", b.Stage("c").State, stage.StateDone)
	}
	for _, c := range []struct {
		name string
		mode stage.EndMode
		last stagetest.Step
		act  func(*stage.Subscription)
		want outcome
	}{
		{"transient and end of source", stage.Transient, stagetest.EOF(), nil, done},
		{"temporary and end of source", stage.Temporary, stagetest.EOF(), nil, runs},
		{"transient and failure", stage.Transient, stagetest.Claim(-1), nil, func(b *stagetest.Bubble, run *stagetest.Task) {
			var up *stage.UpstreamError
			var fetch *stage.FetchError
			err := run.Wait()
			expectAs(b, "run", err, &up)
			expectAs(b, "its cause", up, &fetch)
			expect(b, "outlet", up.Outlet, "rows")
			expect(b, "state", b.Stage("c").State, stage.StateFailed)
		}},
		{"temporary and failure", stage.Temporary, stagetest.Claim(-1), nil, func(b *stagetest.Bubble, run *stagetest.Task) {
			var failed *stage.StageError // of the source alone; the drain that it began ends the consumer in order
			expectAs(b, "run", run.Wait(), &failed)
			expect(b, "stage", failed.Stage, "rows")
			expect(b, "state", b.Stage("c").State, stage.StateDone)
		}},
		{"transient and cancel", stage.Transient, stagetest.Block(), func(s *stage.Subscription) { s.Cancel(errKilled) }, runs},
		{"temporary and cancel", stage.Temporary, stagetest.Block(), func(s *stage.Subscription) { s.Cancel(errKilled) }, runs},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				p := rows(b, stagetest.Count(stagetest.Give(7), c.last))
				consumer := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Work[int](ms)), stage.ConsumerConfig[int]{OnEnd: c.mode})
				sub := stagetest.Subscribe(b, consumer, p, stage.Demand(20, 10))
				run := b.Start()
				b.Advance(time.Second)
				if c.act != nil {
					c.act(sub)
					b.Rest()
					<-sub.Done()
					expectErr(b, "end of the subscription", sub.Err(), errKilled)
				}
				c.want(b, run)
				expect(b, "the backlog was handled first", seen.Done(), stagetest.Ints(1, 7))
			})
		})
	}
}

// A consumer that goes on after its subscription has ended may take from another.
func TestATemporaryConsumerTakesFromTheNext(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		p := rows(b, stagetest.Count(stagetest.Give(3)))
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", nil), stage.ConsumerConfig[int]{OnEnd: stage.Temporary})
		sub := stagetest.Subscribe(b, c, p)
		run := b.Start()
		<-sub.Done()
		expectErr(b, "set after the end", sub.Set(stage.Demand(5, 1)), stage.ErrEnded)
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, c, q)
		stagetest.Push(b, q, 4, 5)
		b.Rest()
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 5))
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
	})
}

// What a stage makes ends with it: it cannot be subscribed or served for more.
func TestAStageThatHasMadeItsLastTakesNothingMore(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, pass, stage.TransformConfig[int]{})
		all := stage.NewBroadcast[int](b.Pipeline, "all", stage.BroadcastConfig{})
		batch := stage.NewBatcher(b.Pipeline, "batch", stage.BatcherConfig[int, int]{})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		stagetest.Subscribe(b, all, tr)
		stagetest.Subscribe(b, batch, all)
		stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, "c", func(context.Context, stage.Batch[int, int]) error { return nil }, stage.ConsumerConfig[stage.Batch[int, int]]{}), batch)
		jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		more := stage.NewQueue[int](b.Pipeline, "more", stage.QueueConfig{})
		for _, s := range []interface {
			stage.Stage
			Subscribe(stage.Outlet[int], ...stage.SubOption) (*stage.Subscription, error)
		}{tr, all, batch} {
			_, err := s.Subscribe(more)
			expectErr(b, s.Name()+" subscribes", err, stage.ErrEnded)
			expectErr(b, s.Name()+" is served", s.Serve(b.Context()), nil)
		}
	})
}

// A stage that failed under Run has failed its outlet: served again, it would make
// events that nobody can have.
func TestAStageWhoseOutletHasFailedIsNotServedAgain(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, func(context.Context, int, emit) error { return errAlways },
			stage.TransformConfig[int]{OnError: always(stage.Stop)})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		stagetest.Subscribe(b, one(b, "c", ok), tr)
		stagetest.Push(b, jobs, 1)
		expectErr(b, "run", b.Start().Wait(), errAlways)
		expectErr(b, "again", tr.Serve(b.Context()), stage.ErrEnded)
	})
}

// A drain is in order for a stage that must never end, however long it takes to tell
// it after the outlets: here a hook is slow that hears of the end of its subscription.
func TestADrainIsNoFailureOfAPermanentStage(t *testing.T) {
	slow := func(n stage.Notice) {
		if _, is := n.(stage.Unsubscribed); is {
			time.Sleep(ms)
		}
	}
	stagetest.Run(t, stage.Config{Hook: slow}, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{}) // before the stage, as the order counts
		c := stage.NewConsumer(b.Pipeline, "c", ok, stage.ConsumerConfig[int]{OnEnd: stage.Permanent})
		stagetest.Subscribe(b, c, jobs)
		run := b.Start()
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
	})
}
