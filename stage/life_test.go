package stage_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

func TestAKilledStageKeepsNothingFromTheOthersThoughItsHandlerIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		stuck := stage.NewConsumer(p, "stuck", func(context.Context, int) error { time.Sleep(time.Hour); return nil }, stage.ConsumerConfig[int]{})
		_, err := stuck.Subscribe(q, stage.Demand(10, 5))
		must(t, err)
		ctx, kill := context.WithCancelCause(t.Context())
		stuckEnded := served(ctx, stuck.Serve)
		synctest.Wait()
		_, err = q.PushAll(t.Context(), []int{1, 2, 3, 4})
		must(t, err)
		synctest.Wait()
		other := stage.NewConsumer(p, "other", ok, stage.ConsumerConfig[int]{})
		_, err = other.Subscribe(q)
		must(t, err)
		otherEnded := served(t.Context(), other.Serve)
		kill(errAlways)
		synctest.Wait()
		must(t, q.TryPush(5))
		synctest.Wait()
		if o := p.Snapshot().Outlets[0]; o.Done != 4 || o.Hands != 1 {
			t.Errorf("%d done, %d in hand, %d in inboxes; want 4, 1, 0", o.Done, o.Hands, o.Inboxes)
		}
		q.Close()
		if err := <-stuckEnded; !errors.Is(err, errAlways) {
			t.Errorf("the killed one ends with %v", err)
		}
		must(t, <-otherEnded)
	})
}
