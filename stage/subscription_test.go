package stage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestASubscriptionOfAStageThatIsAboutToEndTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Hour); return nil }, stage.ConsumerConfig[int]{})
		_, err := c.Subscribe(q)
		must(t, err, q.TryPush(1))
		ctx, kill := context.WithCancelCause(t.Context())
		ended := served(ctx, c.Serve)
		synctest.Wait()
		kill(errAlways)
		synctest.Wait()
		_, err = c.Subscribe(q, stage.Demand(10, 5))
		must(t, err, q.TryPush(2))
		synctest.Wait()
		if o := p.Snapshot().Outlets[0]; o.Buffer != 1 || o.Credit != 0 {
			t.Errorf("%d wait, %d credit, %d in inboxes; want 1, 0, 0", o.Buffer, o.Credit, o.Inboxes)
		}
		<-ended
		q.Close()
		must(t, c.Serve(t.Context()))
	})
}

func TestALazySubscriptionShowsItsSettingsAndItsWork(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := stage.NewSliceConsumer(b.Pipeline, "c", stagetest.Each(stagetest.Work[int](time.Second)), stage.ConsumerConfig[int]{Workers: 3})
		stagetest.Subscribe(b, c, q, stage.Lazy(16, 0))
		b.Start()
		stagetest.Push(b, q, 1, 2)
		b.Advance(500 * ms)
		s := b.Subscription("c", "jobs")
		expect(b, "max, min", []int{s.Max, s.Min}, []int{16, 0})
		expect(b, "busy", s.Busy, 2)
		expect(b, "of workers", s.Workers, 3)
		expect(b, "time in calls that ended", s.Service, 0)
		b.Advance(time.Hour)
		s = b.Subscription("c", "jobs")
		expect(b, "busy", s.Busy, 0)
		expect(b, "time in handlers", s.Service, 2*time.Second)
		b.Pipeline.Reset()
		expect(b, "after a reset", b.Subscription("c", "jobs").Service, 0)
	})
}

func TestASubscriptionThatAsksAheadCountsCallsAndNotEvents(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := sliced(b, "c", func(context.Context, []int) error { time.Sleep(time.Second); return nil })
		stagetest.Subscribe(b, c, q, stage.Demand(8, 4))
		stagetest.Push(b, q, 1, 2, 3)
		b.Start()
		s := b.Subscription("c", "jobs")
		expect(b, "max, min", []int{s.Max, s.Min}, []int{8, 4})
		expect(b, "busy and events", []int{s.Busy, s.Hands}, []int{1, 3})
		b.Advance(time.Hour)
		expect(b, "time in handlers", b.Subscription("c", "jobs").Service, time.Second)
	})
}

func TestASpawnersTasksAreItsBusyOnes(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		s := stage.NewSpawner(b.Pipeline, "s", stagetest.Work[int](time.Second), stage.SpawnerConfig[int]{Max: 4})
		stagetest.Subscribe(b, s, q)
		stagetest.Push(b, q, 1, 2, 3)
		b.Start()
		expect(b, "busy", b.Subscription("s", "jobs").Busy, 3)
		b.Advance(time.Hour)
		expect(b, "time in handlers", b.Subscription("s", "jobs").Service, 3*time.Second)
	})
}
