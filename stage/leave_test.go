package stage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestLeavingWhileNotServedEndsTheDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
		d := stage.NewConsumer(p, "d", func(context.Context, stage.Failure[int]) error { return nil }, stage.ConsumerConfig[stage.Failure[int]]{})
		_, err := d.Subscribe(c.DeadLetters())
		must(t, err)
		ended := served(t.Context(), d.Serve)
		c.Leave()
		must(t, <-ended)
	})
}

func TestAStageThatLeavesWhileItIsKilledIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Minute); return nil }, stage.ConsumerConfig[int]{})
		_, err := c.Subscribe(q)
		must(t, err, q.TryPush(1))
		ctx, kill := context.WithCancelCause(t.Context())
		ended := served(ctx, c.Serve)
		synctest.Wait()
		kill(errAlways)
		synctest.Wait()
		c.Leave()
		<-ended
		if err := c.Serve(t.Context()); !errors.Is(err, stage.ErrEnded) {
			t.Errorf("Serve: %v, want ErrEnded", err)
		}
	})
}

func TestAStageThatIsMadeAndLeavesAtOnceDoesNotEndTheRun(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			p := stage.New("p", stage.Config{Logger: quiet()})
			q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
			ended := served(t.Context(), p.Run)
			synctest.Wait()
			stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{}).Leave()
			synctest.Wait()
			if err := q.TryPush(1); err != nil {
				t.Errorf("the pipeline has begun to end: %v", err)
			}
			c := stage.NewConsumer(p, "d", ok, stage.ConsumerConfig[int]{})
			_, err := c.Subscribe(q)
			must(t, err)
			q.Close()
			must(t, <-ended)
		})
		if t.Failed() {
			return
		}
	}
}

func TestAStageThatLeavesAsItsServeEndsIsGone(t *testing.T) {
	for range 300 {
		started := make(chan struct{}, 4)
		p := stage.New("p", stage.Config{Hook: func(n stage.Notice) {
			if _, is := n.(stage.StageStarted); is {
				started <- struct{}{}
			}
		}})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
		_, err := c.Subscribe(q)
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := served(ctx, c.Serve)
		<-started
		var all sync.WaitGroup
		all.Go(cancel)
		all.Go(c.Leave)
		all.Go(func() { _, _ = c.Subscribe(q) })
		<-ended
		all.Wait()
		expectErr(t, "serve", c.Serve(t.Context()), stage.ErrEnded)
		_, err = c.Subscribe(q)
		expectErr(t, "subscribe", err, stage.ErrEnded)
		s := p.Snapshot()
		expect(t, "stages", len(s.Stages), 1)
		expect(t, "subscriptions", s.Outlet("q").Subscriptions, nil)
		stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
		must(t, p.Err())
		if t.Failed() {
			return
		}
	}
}

func TestTheNameOfAStageThatLeftWhileItWorkedIsFree(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", seen.Handle("first", stagetest.Work[int](time.Minute)))
		stagetest.Subscribe(b, c, q)
		stagetest.Push(b, q, 1, 2)
		serve := b.Serve(c)
		c.Leave()
		expect(b, "state", b.Stage("c").State, stage.StateLeaving)
		expectErr(b, "serve", serve.Wait(), nil)
		next := one(b, "c", seen.Handle("second", nil))
		expectErr(b, "pipeline", b.Pipeline.Err(), nil)
		stagetest.Subscribe(b, next, q)
		b.Serve(next)
		expect(b, "handled", seen.By(), map[string]int{"first": 1, "second": 1})
	})
}
