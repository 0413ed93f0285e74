package stage_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestAQueueThatLeavesIsGoneWhenNothingIsLeftInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		keep := stage.NewQueue[int](p, "keep", stage.QueueConfig{})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		done := 0
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { done++; return nil }, stage.ConsumerConfig[int]{OnEnd: stage.Temporary})
		_, err := c.Subscribe(keep)
		must(t, err)
		must(t, q.TryPush(1))
		ended := served(t.Context(), p.Run)
		synctest.Wait()
		q.Leave()
		synctest.Wait()
		if p.Snapshot().Outlet("q") == nil {
			t.Fatal("gone with an event in it")
		}
		_, err = c.Subscribe(q)
		must(t, err)
		synctest.Wait()
		if s := p.Snapshot(); done != 1 || s.Outlet("q") != nil || s.Stage("q") != nil {
			t.Errorf("%d done; still there: %v, %v", done, s.Outlet("q"), s.Stage("q"))
		}
		again := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		must(t, again.TryPush(2))
		_, err = c.Subscribe(again)
		must(t, err)
		synctest.Wait()
		if done != 2 {
			t.Errorf("%d done, want 2", done)
		}
		must(t, p.Drain(t.Context()))
		must(t, <-ended)
	})
}

func TestAProducerThatLeavesTellsItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		rows := stage.NewProducer(p, "rows", stage.FromChan(make(chan int)), stage.ProducerConfig{})
		c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
		_, err := c.Subscribe(rows)
		must(t, err)
		ended := served(t.Context(), p.Run)
		synctest.Wait()
		rows.Leave()
		must(t, <-ended)
		if s := p.Snapshot(); len(s.Outlets)+len(s.Stages) != 1 { // the consumer is done, and stays
			t.Errorf("left: %v %v", s.Outlets, s.Stages)
		}
	})
}

// A name is taken as long as an outlet has it, be its stage there or not.
func TestANameIsTakenUntilTheOutletHasEnded(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		gate := new(stagetest.Gate[int])
		tr, jobs, c := transform(b, pass, stage.TransformConfig[int]{}), queueOf(b, stage.QueueConfig{}), one(b, "c", gate.Handle)
		stagetest.Subscribe(b, tr, jobs)
		stagetest.Subscribe(b, c, tr)
		b.Serve(tr)
		b.Serve(c)
		stagetest.Push(b, jobs, 1)
		b.Rest()
		tr.Leave()
		b.Rest()
		second := transform(b, pass, stage.TransformConfig[int]{})
		expectSetting(b, b.Serve(second).Wait())
		second.Leave()
		gate.Open()
		b.Rest()
		third := transform(b, pass, stage.TransformConfig[int]{})
		stagetest.Subscribe(b, third, jobs)
		third.Leave()
	})
}

// What a broadcast gives to a subscriber needs a name that no stage has.
func TestABranchMayNotHaveTheNameOfAStage(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		all, jobs := stage.NewBroadcast[int](b.Pipeline, "all", stage.BroadcastConfig{}), queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, all, jobs)
		stage.NewQueue[int](b.Pipeline, "all/c", stage.QueueConfig{})
		_, err := one(b, "c", ok).Subscribe(all)
		expectSetting(b, err)
		stagetest.Subscribe(b, one(b, "d", ok), all)
		expectSetting(b, stage.NewQueue[int](b.Pipeline, "all/d", stage.QueueConfig{}).Serve(b.Context()))
	})
}

// Dead letters need a name of their own, too.
func TestDeadLettersMayNotHaveTheNameOfAnotherOutlet(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		stage.NewQueue[int](b.Pipeline, "c/dead-letters", stage.QueueConfig{})
		c := one(b, "c", ok)
		_, err := stage.NewConsumer(b.Pipeline, "d", func(context.Context, stage.Failure[int]) error { return nil }, stage.ConsumerConfig[stage.Failure[int]]{}).Subscribe(c.DeadLetters())
		expectSetting(b, err)
	})
}

// A stage whose outlet has ended does not wait for what can never come, even if its
// last subscription was cancelled.
func TestAStageThatHasMadeItsLastDoesNotWait(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr, jobs := transform(b, pass, stage.TransformConfig[int]{}), queueOf(b, stage.QueueConfig{})
		sub := stagetest.Subscribe(b, tr, jobs)
		jobs.Close()
		expectErr(b, "serve", b.Serve(tr).Wait(), nil)
		sub.Cancel(nil)
		expectErr(b, "again", b.Serve(tr).Wait(), nil)
	})
}
