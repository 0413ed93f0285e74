package stage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestAStageServedAgainDoesNotGoInCirclesWithItsDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		uses := 0
		p := stage.New("p", stage.Config{Logger: quiet()})
		first := stage.NewQueue[int](p, "first", stage.QueueConfig{})
		second := stage.NewQueue[int](p, "second", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error {
			if uses++; uses > 10 {
				return nil
			}
			return errAlways
		}, stage.ConsumerConfig[int]{OnError: func(stage.Failure[int]) stage.Verdict {
			return stage.Verdict{Action: stage.DeadLetter}
		}})
		c.DeadLetters()
		_, err := c.Subscribe(first)
		must(t, err)
		first.Close()
		must(t, c.Serve(t.Context()))
		_, err = c.Subscribe(second)
		must(t, err, second.TryPush(1))
		second.Close()
		if err := c.Serve(t.Context()); err != nil || uses != 1 {
			t.Errorf("Serve: %v, after %d uses, want one", err, uses)
		}
	})
}

func TestAStageThatStopsUnderRunEndsItsDeadLettersAtOnce(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", stagetest.Fail[int](-1, stagetest.ErrPlanned), stage.ConsumerConfig[int]{OnError: always(stage.Stop)})
		dead := stage.NewConsumer(b.Pipeline, "dead", func(context.Context, stage.Failure[int]) error { return nil }, stage.ConsumerConfig[stage.Failure[int]]{})
		stagetest.Subscribe(b, c, q)
		stagetest.Subscribe(b, dead, c.DeadLetters())
		stagetest.Push(b, q, 1, 2, 3)
		err := b.Start().Wait()
		expectErr(b, "run", err, stagetest.ErrPlanned)
		var left *stage.DrainError
		expectAs(b, "run", err, &left)
		expect(b, "left", left.Left[0].Events(), 3)
		expect(b, "ended at", stagetest.Elapsed(), 0)
		expect(b, "who takes the dead letters", b.Stage("dead").State, stage.StateDone)
	})
}

func TestDeadLettersAskedForDuringAPauseArePausedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
		p.Pause()
		c.DeadLetters()
		if o := p.Snapshot().Outlet("c/dead-letters"); o == nil || !o.Paused {
			t.Errorf("not paused: %+v", o)
		}
		p.Resume()
		if o := p.Snapshot().Outlet("c/dead-letters"); o.Paused {
			t.Error("paused after Resume")
		}
	})
}

// A transform whose events are taken works them off, though who takes its dead
// letters has failed.
func TestTheFailureOfWhoTakesDeadLettersDoesNotEndATransform(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		tr := transform(b, func(_ context.Context, n int, emit emit) error {
			time.Sleep(time.Second)
			if n == 3 {
				return errAlways
			}
			return emit(n)
		}, stage.TransformConfig[int]{OnError: always(stage.DeadLetter)})
		stagetest.Subscribe(b, tr, jobs)
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), tr)
		dead := stage.NewConsumer(b.Pipeline, "dead", func(context.Context, stage.Failure[int]) error { return stagetest.ErrPlanned },
			stage.ConsumerConfig[stage.Failure[int]]{OnError: func(stage.Failure[stage.Failure[int]]) stage.Verdict {
				return stage.Verdict{Action: stage.Stop}
			}})
		stagetest.Subscribe(b, dead, tr.DeadLetters())
		pushAll(b, jobs, stagetest.Ints(1, 10))
		expectErr(b, "run", b.Start().Wait(), stagetest.ErrPlanned)
		expect(b, "handled", seen.Done(), []int{1, 2, 4, 5, 6, 7, 8, 9, 10})
		expect(b, "ended at", stagetest.Elapsed(), 10*time.Second)
	})
}

// A dead letter whose partition cannot be told is only counted: its event is not
// tried again for it.
func TestADeadLetterWhoseKeyPanicsIsOnlyCounted(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		var seen stagetest.Record[int]
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Fail[int](1, errAlways)),
			stage.ConsumerConfig[int]{OnError: always(stage.DeadLetter)})
		stagetest.Subscribe(b, c, jobs)
		stage.Partition(c.DeadLetters(), stage.PartitionConfig[stage.Failure[int]]{Key: func(stage.Failure[int]) uint64 { panic("no key") }})
		stagetest.Push(b, jobs, 1)
		b.Start()
		expect(b, "uses", seen.Events(), []int{1})
		expect(b, "failed", b.Outlet("jobs").Failed, 1)
	})
}
