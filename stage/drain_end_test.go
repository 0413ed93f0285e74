package stage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// Drain's contract: it waits until "the stages have ended".
func TestDrainReturnsOnlyWhenItsStagesHaveEnded(t *testing.T) {
	for range 200 {
		p := stage.New("p", stage.Config{})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { return nil }, stage.ConsumerConfig[int]{})
		if _, err := c.Subscribe(q); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		if err := q.Do(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if err := p.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Snapshot().Stages {
			if s.State != stage.StateDone {
				t.Errorf("after Drain %s is %v, want done", s.Name, s.State)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
}

func TestRunAfterADrainThatRanOutTellsOnlyWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, stage.ConsumerConfig[int]{})
		if _, err := c.Subscribe(q); err != nil {
			t.Fatal(err)
		}
		if err := q.TryPush(1); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain: %v", err)
		}
		err := <-done
		drain, ok := errors.AsType[*stage.DrainError](err)
		if !ok {
			t.Fatalf("Run: %v, want a DrainError", err)
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != 1 {
			t.Errorf("Run tells %d things, want what is left alone:\n%v", len(lines), err)
		}
		if !errors.Is(drain.Cause, context.DeadlineExceeded) {
			t.Errorf("its cause is %q, want what ended the drain", drain.Cause)
		}
	})
}
