package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// Workers that come late help at once, since events wait in the queue and not
// with a worker.
func ExampleConsumer_Resize() {
	began, finish := make(chan bool), make(chan bool)
	dig := func(ctx context.Context, hole int) error {
		began <- true
		<-finish
		return nil
	}

	p := stage.New("garden", stage.Config{})
	holes := stage.NewQueue[int](p, "holes", stage.QueueConfig{})
	diggers := stage.NewConsumer(p, "diggers", dig, stage.ConsumerConfig[int]{Workers: 1})
	if _, err := diggers.Subscribe(holes); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := holes.PushAll(ctx, []int{1, 2, 3}); err != nil {
		log.Fatal(err)
	}
	holes.Close()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()

	<-began
	fmt.Println("one digs,", holes.Len(), "wait")
	if err := diggers.Resize(3); err != nil {
		log.Fatal(err)
	}
	<-began
	<-began
	fmt.Println("three dig,", holes.Len(), "wait")

	close(finish)
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// one digs, 2 wait
	// three dig, 0 wait
}
