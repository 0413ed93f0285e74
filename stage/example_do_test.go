package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"

	"github.com/affluxlab/afflux/stage"
)

// Do waits in line as Push does, and then for what became of the event: the
// queue limits how many are at work, and the caller has its answer.
func ExampleQueue_Do() {
	charge := func(ctx context.Context, cents int) error {
		if cents > 100_00 {
			return errors.New("card declined")
		}
		return nil
	}

	p := stage.New("till", stage.Config{Logger: slog.New(slog.DiscardHandler)})
	payments := stage.NewQueue[int](p, "payments", stage.QueueConfig{})
	card := stage.NewConsumer(p, "card", charge, stage.ConsumerConfig[int]{Workers: 4})
	if _, err := card.Subscribe(payments); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()

	fmt.Println(payments.Do(ctx, 9_99))
	fmt.Println(payments.Do(ctx, 999_99))

	payments.Close()
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// <nil>
	// card declined
}
