package stage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestPushersThatWaitAreLetInWhenTheQueueTurnsToDropping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dropped := 0
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{Buffer: 1})
		must(t, q.TryPush(1))
		pushed := make(chan error, 1)
		go func() { pushed <- q.Push(t.Context(), 2) }()
		synctest.Wait()
		must(t, q.Set(stage.QueueConfig{Buffer: 1, Overflow: stage.DropOldest, OnDrop: func(n int) { dropped += n }}))
		synctest.Wait()
		select {
		case err := <-pushed:
			must(t, err)
		default:
			t.Error("it still waits")
		}
		if dropped != 1 || q.Len() != 1 {
			t.Errorf("%d dropped, %d wait; want 1 and 1", dropped, q.Len())
		}
		q.Close()
	})
}

// dropping makes a queue for two that drops the oldest.
func dropping(b *stagetest.Bubble) *stage.Queue[int] {
	return queueOf(b, stage.QueueConfig{Buffer: 2, Overflow: stage.DropOldest, OnDrop: func(int) {}})
}

func TestWhatWasTriedIsNotDroppedButWhatAKilledStageReturnedUntriedIs(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := dropping(b)
		c := one(b, "c", stagetest.Work[int](time.Hour))
		stagetest.Subscribe(b, c, q, stage.Demand(2, 1))
		stagetest.Push(b, q, 1, 2)
		serve := b.Serve(c) // the first is in hand, the second in its inbox
		expectErr(b, "serve", serve.Stop(errKilled), errKilled)
		stagetest.Push(b, q, 3) // drops 2
		stagetest.Push(b, q, 4) // drops 3
		expect(b, "dropped", b.Rest().Outlet("jobs").Dropped, 2)
		c.Leave()
		b.Serve(takes(b, q, "d", seen.Handle("d", nil)))
		expect(b, "left", seen.Done(), []int{1, 4})
	})
}

func TestTheNewEventIsDroppedWhenAllOthersWereTried(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := dropping(b)
		c := stage.NewConsumer(b.Pipeline, "c", stagetest.Work[int](time.Hour), stage.ConsumerConfig[int]{Workers: 2})
		stagetest.Subscribe(b, c, q)
		stagetest.Push(b, q, 1, 2)
		expectErr(b, "serve", b.Serve(c).Stop(errKilled), errKilled)
		stagetest.Push(b, q, 3, 4)
		expect(b, "dropped", b.Rest().Outlet("jobs").Dropped, 2)
		c.Leave()
		b.Serve(takes(b, q, "d", seen.Handle("d", nil)))
		expect(b, "left", seen.Done(), []int{1, 2})
	})
}

func TestDoTellsThatItsEventWasDroppedThoughItHadComeBackUntried(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := dropping(b)
		c := one(b, "c", stagetest.Work[int](time.Hour))
		stagetest.Subscribe(b, c, q, stage.Demand(2, 1))
		stagetest.Push(b, q, 1)
		do := b.Go(func(ctx context.Context) error { return q.Do(ctx, 2) })
		expectErr(b, "serve", b.Serve(c).Stop(errKilled), errKilled)
		stagetest.Push(b, q, 3)
		expectErr(b, "do", do.Wait(), stage.ErrDropped)
	})
}

// takes makes a consumer that takes from q.
func takes(b *stagetest.Bubble, q *stage.Queue[int], name string, h stagetest.Handler[int]) *stage.Consumer[int] {
	c := one(b, name, h)
	stagetest.Subscribe(b, c, q)
	return c
}
