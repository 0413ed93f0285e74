package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// Who asked ahead keeps what it was dealt, however long it takes. Rebalance takes
// back what no handler has begun, and deals it out to all who are there now.
func ExampleQueue_Rebalance() {
	began, finish := make(chan int), make(chan bool)
	wash := func(ctx context.Context, plate int) error {
		began <- plate
		<-finish
		return nil
	}

	p := stage.New("kitchen", stage.Config{})
	plates := stage.NewQueue[int](p, "plates", stage.QueueConfig{})
	join := func(name string) {
		washer := stage.NewConsumer(p, name, wash, stage.ConsumerConfig[int]{})
		if _, err := washer.Subscribe(plates, stage.Demand(10, 5)); err != nil {
			log.Fatal(err)
		}
	}
	show := func(when string) {
		for _, sub := range p.Snapshot().Outlets[0].Subscriptions {
			fmt.Println(when, sub.Stage, "has", sub.Inbox, "waiting")
		}
	}
	ctx := context.Background()
	join("ann")
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if _, err := plates.PushAll(ctx, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}); err != nil {
		log.Fatal(err)
	}
	<-began // ann has plate 1 in hand and the others beside her

	join("bob")
	if err := plates.Push(ctx, 11); err != nil {
		log.Fatal(err)
	}
	<-began // bob is there: ann has asked for no more
	show("before:")
	plates.Rebalance()
	show("after:")

	plates.Close()
	close(finish)
	for range 9 {
		<-began
	}
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// before: ann has 9 waiting
	// before: bob has 0 waiting
	// after: ann has 5 waiting
	// after: bob has 4 waiting
}
