package stage_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestASmallerCrewBeginsNothingWhileEnoughWork(t *testing.T) {
	for range 20 { // which workers are spare may be a matter of luck
		synctest.Test(t, func(t *testing.T) {
			running := make(chan struct{}, 100)
			p := stage.New("p", stage.Config{Logger: quiet()})
			q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
			c := stage.NewConsumer(p, "c", func(context.Context, int) error {
				running <- struct{}{}
				time.Sleep(time.Second)
				<-running
				return nil
			}, stage.ConsumerConfig[int]{Workers: 6})
			_, err := c.Subscribe(q)
			must(t, err)
			ended := served(t.Context(), c.Serve)
			_, err = q.PushAll(t.Context(), make([]int, 3))
			must(t, err)
			synctest.Wait()
			must(t, c.Resize(3))
			_, err = q.PushAll(t.Context(), make([]int, 10))
			must(t, err)
			synctest.Wait()
			if n := len(running); n != 3 {
				t.Errorf("%d handlers run, want 3", n)
			}
			q.Close()
			must(t, <-ended)
		})
		if t.Failed() {
			return
		}
	}
}

func TestResizesAtOnceLeaveOneOfTheirNumbersEverywhere(t *testing.T) {
	for range 200 {
		inBubble(t, func(b *stagetest.Bubble) {
			p := rows(b, stagetest.Count(stagetest.Block()))
			c := one(b, "c", ok)
			stagetest.Subscribe(b, c, p)
			b.Start()
			var all sync.WaitGroup
			at := make(chan struct{})
			for workers := range 8 {
				all.Go(func() {
					<-at
					must(t, c.Resize(workers+1))
				})
			}
			b.Rest()
			close(at)
			all.Wait()
			s := b.Rest()
			target := s.Stage("c").Target
			o := s.Outlet("rows")
			expect(b, "workers, as the stage, the subscription and the source see them",
				[]int{s.Stage("c").Workers, o.Subscriptions[0].Workers, o.Want}, []int{target, target, target})
		})
		if t.Failed() {
			return
		}
	}
}
