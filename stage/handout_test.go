package stage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
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
