package stage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// draining drains in the background, for at most limit.
func draining(b *stagetest.Bubble, limit time.Duration) *stagetest.Task {
	b.Helper()
	return b.Go(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return b.Pipeline.Drain(ctx)
	})
}

func Test45_DrainDeliversAll(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		h := stagetest.Chain(stagetest.Work[int](time.Second), stagetest.When(stagetest.Is(1), stagetest.Fail[int](1, stagetest.ErrPlanned), nil))
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", h), stage.ConsumerConfig[int]{
			Workers: 2,
			OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Hour) },
		})
		stagetest.Subscribe(b, c, q)
		stagetest.Push(b, q, stagetest.Ints(1, 20)...)
		run := b.Start()
		b.At(1500 * ms)
		expect(b, "to be retried in an hour", b.Outlet("jobs").Delayed, 1)
		drain := draining(b, time.Hour)
		expectErr(b, "a push during the drain", q.TryPush(21), stage.ErrClosed)
		expectErr(b, "one that would wait", q.Push(b.Context(), 22), stage.ErrClosed)
		b.Advance(time.Second)
		expectOnce(b, "the retry runs now", seen.Events()[4:6], []int{1, 5})
		expectErr(b, "drain", drain.Wait(), nil)
		expectErr(b, "run", run.Wait(), nil)
		expectOnce(b, "settled", seen.Done(), stagetest.Ints(1, 20))
		expect(b, "time", stagetest.Elapsed(), 11*time.Second)
	})
}

func Test46_DrainDeadline(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		var toldAt time.Duration
		var told error
		c := one(b, "c", func(ctx context.Context, ev int) error {
			err := stagetest.Work[int](time.Hour)(ctx, ev)
			toldAt, told = stagetest.Elapsed(), context.Cause(ctx)
			time.Sleep(time.Second)
			return err
		})
		stagetest.Subscribe(b, c, q, stage.Demand(3, 1))
		stagetest.Push(b, q, stagetest.Ints(1, 5)...)
		run := b.Start()
		err := draining(b, 5*time.Second).Wait()
		var left *stage.DrainError
		expectAs(b, "drain", err, &left)
		expectErr(b, "its cause", err, context.DeadlineExceeded)
		expect(b, "left", left.Left, []stage.Left{{Outlet: "jobs", Buffer: 2, Inboxes: 2, Hands: 1}})
		b.Rest()
		expect(b, "the handler was told at", toldAt, 5*time.Second)
		if told == nil || errors.Is(told, context.Canceled) {
			b.Errorf("the handler was told %v, want the cause", told)
		}
		expect(b, "run before the handler has returned", run.Ended(), false)
		expectAs(b, "run", run.Wait(), &left)
		expect(b, "left", left.Left, []stage.Left{{Outlet: "jobs", Buffer: 5}})
		expect(b, "run ended at", stagetest.Elapsed(), 6*time.Second)
	})
}

func Test47_DrainWakesBlockedFetch(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var told error
		p := stage.NewProducer(b.Pipeline, "rows", stage.SourceFunc[int](func(ctx context.Context, dst []int) (int, error) {
			<-ctx.Done()
			told = context.Cause(ctx)
			dst[0] = 7
			return 1, told
		}), stage.ProducerConfig{})
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), p)
		run := b.Start()
		b.At(time.Second)
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
		expectErr(b, "what the source was told", told, stage.ErrDraining)
		expect(b, "time", stagetest.Elapsed(), time.Second)
		expect(b, "what it gave then", seen.Done(), []int{7})
	})
	t.Run("a source that has failed and waits", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(stagetest.Break(stagetest.ErrPlanned))),
				stage.ProducerConfig{BackOff: func(int) time.Duration { return time.Hour }})
			stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](0)), p)
			run := b.Start()
			b.Drain()
			expectErr(b, "run", run.Wait(), nil)
			expect(b, "time", stagetest.Elapsed(), 0)
		})
	})
	t.Run("a source that nobody asks", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count()), stage.ProducerConfig{})
			run := b.Start()
			expect(b, "runs", run.Ended(), false)
			b.Drain()
			expectErr(b, "run", run.Wait(), nil)
		})
	})
}

// The end of Run's context is a drain for as long as Grace says.
func TestTheEndOfRunsContextDrainsWithinGrace(t *testing.T) {
	for _, c := range []struct {
		grace time.Duration
		ends  time.Duration
		left  int
	}{{0, 10 * time.Second, 0}, {5 * time.Second, 5 * time.Second, 5}, {-1, 500 * ms, 10}} {
		stagetest.Run(t, stage.Config{Grace: c.grace}, func(b *stagetest.Bubble) {
			q := queueOf(b, stage.QueueConfig{})
			stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](time.Second)), q)
			stagetest.Push(b, q, stagetest.Ints(1, 10)...)
			run := b.Start()
			b.At(500 * ms)
			run.Cancel(errKilled)
			err := run.Wait()
			if c.grace > 0 {
				c.ends += 500 * ms
			}
			expect(b, "ended at", stagetest.Elapsed(), c.ends)
			var left *stage.DrainError
			if c.left == 0 {
				expectErr(b, "run", err, nil)
				return
			}
			expectAs(b, "run", err, &left)
			expect(b, "left", left.Left, []stage.Left{{Outlet: "jobs", Buffer: c.left}})
		})
	}
}

// A drain lifts a pause.
func TestADrainLiftsAPause(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), q, stage.Demand(3, 1))
		b.Pipeline.Pause()
		run := b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 10)...)
		b.Advance(time.Hour)
		expect(b, "handled in the pause", seen.Events(), nil)
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 10))
	})
}
