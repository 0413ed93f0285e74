package stage_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/affluxlab/afflux/stage"
)

func TestAStageServedAgainDoesNotGoInCirclesWithItsDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		uses := 0
		p := stage.New("p", stage.Config{})
		first := stage.NewQueue[int](p, "first", stage.QueueConfig{})
		second := stage.NewQueue[int](p, "second", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error {
			if uses++; uses > 10 {
				return nil
			}
			return errors.New("no")
		}, stage.ConsumerConfig[int]{OnError: func(stage.Failure[int]) stage.Verdict {
			return stage.Verdict{Action: stage.DeadLetter}
		}})
		c.DeadLetters()
		if _, err := c.Subscribe(first); err != nil {
			t.Fatal(err)
		}
		first.Close()
		if err := c.Serve(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Subscribe(second); err != nil {
			t.Fatal(err)
		}
		if err := second.TryPush(1); err != nil {
			t.Fatal(err)
		}
		second.Close()
		if err := c.Serve(t.Context()); err != nil || uses != 1 {
			t.Errorf("Serve: %v, after %d uses, want one", err, uses)
		}
	})
}
