package stage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestAThousandCallersOfDoAreToldEachItsOwnOutcome(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{Buffer: 100}) // so that most of them wait for room as well
		odd := func(n int) bool { return n%2 == 1 }
		fails := func(_ context.Context, n int) error { return fmt.Errorf("%d: %w", n, stagetest.ErrPlanned) }
		c := stage.NewConsumer(b.Pipeline, "c", stagetest.When(odd, fails, stagetest.Work[int](ms)),
			stage.ConsumerConfig[int]{Workers: 10, OnError: always(stage.Drop)})
		stagetest.Subscribe(b, c, q)
		outcomes := make([]error, 1000)
		var callers sync.WaitGroup
		for n := range outcomes {
			callers.Go(func() { outcomes[n] = q.Do(b.Context(), n) })
		}
		b.Rest()
		expect(b, "waiting for room", b.Outlet("jobs").Pushers, 900)
		b.Start()
		callers.Wait()
		for n, err := range outcomes {
			if odd(n) != errors.Is(err, stagetest.ErrPlanned) || odd(n) != (err != nil) || odd(n) && !strings.HasPrefix(err.Error(), fmt.Sprint(n, ":")) {
				b.Fatalf("the outcome of %d is %v", n, err)
			}
		}
	})
}
