package stage_test

import (
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// There is no Permanent mode, and the failure of an outlet is final only under
// Run: a supervisor may start a source again. So there are six outcomes, not nine.
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
