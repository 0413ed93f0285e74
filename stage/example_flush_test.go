package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// Flush waits for what was accepted before it, and for nothing else: a test, or
// a report, knows then that the work is done, while the queue stays open.
func ExampleQueue_Flush() {
	var sum int // of one worker; read after Flush
	add := func(ctx context.Context, n int) error {
		sum += n
		return nil
	}

	p := stage.New("adder", stage.Config{})
	numbers := stage.NewQueue[int](p, "numbers", stage.QueueConfig{})
	adder := stage.NewConsumer(p, "adder", add, stage.ConsumerConfig[int]{})
	if _, err := adder.Subscribe(numbers); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()

	for _, batch := range [][]int{{1, 2, 3}, {4, 5}} {
		if _, err := numbers.PushAll(ctx, batch); err != nil {
			log.Fatal(err)
		}
		if err := numbers.Flush(ctx); err != nil {
			log.Fatal(err)
		}
		fmt.Println(sum)
	}

	numbers.Close()
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// 6
	// 15
}
