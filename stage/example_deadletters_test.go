package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// What fails is tried again after a while, in which no worker waits for it; what
// fails three times goes where somebody looks at it.
func ExampleConsumer_DeadLetters() {
	deliver := func(ctx context.Context, address string) error {
		if address == "nowhere" {
			return errors.New("no such street")
		}
		return nil
	}
	policy := func(f stage.Failure[string]) stage.Verdict {
		if f.Attempt < 3 {
			return stage.RetryAfter(time.Duration(f.Attempt) * time.Millisecond)
		}
		return stage.Verdict{Action: stage.DeadLetter}
	}
	inspect := func(ctx context.Context, f stage.Failure[string]) error {
		fmt.Printf("%s: %v, after %d attempts\n", f.Event, f.Err, f.Attempt)
		return nil
	}

	p := stage.New("post", stage.Config{Logger: slog.New(slog.DiscardHandler)})
	letters := stage.NewQueue[string](p, "letters", stage.QueueConfig{})
	postman := stage.NewConsumer(p, "postman", deliver, stage.ConsumerConfig[string]{Workers: 2, OnError: policy})
	office := stage.NewConsumer(p, "office", inspect, stage.ConsumerConfig[stage.Failure[string]]{})
	if _, err := postman.Subscribe(letters); err != nil {
		log.Fatal(err)
	}
	if _, err := office.Subscribe(postman.DeadLetters()); err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	if _, err := letters.PushAll(ctx, []string{"nowhere", "main street", "park lane"}); err != nil {
		log.Fatal(err)
	}
	letters.Close()
	if err := p.Run(ctx); err != nil {
		log.Fatal(err)
	}
	o := p.Snapshot().Outlets[0]
	fmt.Printf("%d done, %d failed, %d retries\n", o.Done, o.Failed, o.Retried)
	// Output:
	// nowhere: no such street, after 3 attempts
	// 2 done, 1 failed, 2 retries
}
