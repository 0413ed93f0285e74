package stage

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
)

func TestATemporaryStageForgetsSubscriptionsThatAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New("p", Config{})
		c := NewConsumer(p, "c", func(context.Context, int) error { return nil }, ConsumerConfig[int]{OnEnd: Temporary})
		s := NewSpawner(p, "s", func(context.Context, int) error { return nil }, SpawnerConfig[int]{OnEnd: Temporary})
		brief := func(i int) {
			q := NewQueue[int](p, fmt.Sprint("q", i), QueueConfig{})
			_, err := c.Subscribe(q)
			_, err2 := s.Subscribe(q)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			q.Close()
		}
		for i := range 50 {
			brief(i)
		}
		ended := make(chan error, 1)
		go func() { ended <- p.Run(t.Context()) }()
		synctest.Wait()
		for i := range 50 {
			brief(50 + i)
			synctest.Wait()
		}
		if subs, others := len(*c.subs.Load()), len(*s.subs.Load()); subs+others > 0 {
			t.Errorf("%d and %d subscriptions are kept", subs, others)
		}
		for w := range c.crew.workers {
			if len(w.seats.all) > 0 {
				t.Errorf("a worker visits %d outlets", len(w.seats.all))
			}
		}
		if err := p.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
