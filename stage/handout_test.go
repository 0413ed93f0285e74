package stage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestAnInboxThatStoodDuringAPauseIsWorkedOffAfterItWhateverTheHandOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Second); return nil }, stage.ConsumerConfig[int]{})
		sub, err := c.Subscribe(q, stage.Demand(10, 5))
		must(t, err)
		ended := served(t.Context(), c.Serve)
		synctest.Wait()
		_, err = q.PushAll(t.Context(), []int{1, 2, 3})
		must(t, err)
		synctest.Wait() // the first is in hand
		q.Pause()
		time.Sleep(2 * time.Second)
		must(t, sub.Set(stage.Lazy(1, time.Millisecond)))
		synctest.Wait()
		q.Resume()
		time.Sleep(3 * time.Second)
		if o := p.Snapshot().Outlets[0]; o.Done != 3 {
			t.Errorf("%d done, %d in inboxes", o.Done, o.Inboxes)
		}
		q.Close()
		must(t, <-ended)
	})
}

func TestRebalanceGivesNoCreditToALazySubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Second); return nil }, stage.ConsumerConfig[int]{})
		sub, err := c.Subscribe(q, stage.Demand(10, 5))
		must(t, err)
		ended := served(t.Context(), c.Serve)
		synctest.Wait()
		_, err = q.PushAll(t.Context(), []int{1, 2, 3, 4})
		must(t, err)
		must(t, sub.Set(stage.Lazy(1, time.Millisecond)))
		q.Rebalance()
		synctest.Wait()
		if o := p.Snapshot().Outlets[0]; o.Credit != 0 || o.Inboxes != 0 || o.Buffer != 3 {
			t.Errorf("credit %d, %d in inboxes, %d in the buffer; want 0, 0, 3", o.Credit, o.Inboxes, o.Buffer)
		}
		q.Close()
		must(t, <-ended)
	})
}

// The first worker has finished some since it last asked, so its demand is smaller
// than that of the two that came late: dealt by that it would get little or nothing.
func TestARebalanceDealsEvenlyHoweverMuchWasFinishedBefore(t *testing.T) {
	for _, finished := range []int{0, 88, 450, 910} {
		stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
			q := queueOf(b, stage.QueueConfig{Buffer: 2000})
			handle := stagetest.Work[int](time.Second)
			first := stage.NewConsumer(b.Pipeline, "first", handle, stage.ConsumerConfig[int]{})
			stagetest.Subscribe(b, first, q, stage.Demand(1000, 500))
			run := b.Start()
			stagetest.Push(b, q, stagetest.Ints(1, 1000)...)
			b.Advance(time.Duration(finished)*time.Second + 1)
			for _, name := range []string{"second", "third"} {
				stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, name, handle, stage.ConsumerConfig[int]{}), q, stage.Demand(1000, 500))
			}
			b.Advance(time.Millisecond)
			q.Rebalance()
			b.Advance(time.Millisecond)
			low, high := 1000, 0
			for _, s := range b.Outlet("jobs").Subscriptions {
				low, high = min(low, s.Inbox+s.Hands), max(high, s.Inbox+s.Hands)
			}
			if high-low > 1 {
				b.Errorf("after %d: the largest part is %d, the smallest %d", finished, high, low)
			}
			b.Drain()
			expectErr(b, "run", run.Wait(), nil)
		})
	}
}
