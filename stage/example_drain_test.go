package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// A drain has a deadline, and says what it had to leave behind.
func ExamplePipeline_Drain() {
	began := make(chan bool, 1)
	bake := func(ctx context.Context, cake string) error {
		began <- true
		<-ctx.Done() // it is told when there is no more time
		return context.Cause(ctx)
	}

	p := stage.New("bakery", stage.Config{})
	cakes := stage.NewQueue[string](p, "cakes", stage.QueueConfig{})
	oven := stage.NewConsumer(p, "oven", bake, stage.ConsumerConfig[string]{})
	if _, err := oven.Subscribe(cakes); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := cakes.PushAll(ctx, []string{"apple", "plum", "cherry"}); err != nil {
		log.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- oven.Serve(ctx) }()
	<-began

	soon, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	err := p.Drain(soon)
	if left, ok := errors.AsType[*stage.DrainError](err); ok {
		for _, l := range left.Left {
			fmt.Printf("%s: %d in hand, %d waiting (%v)\n", l.Outlet, l.Hands, l.Buffer, left.Cause)
		}
	}
	fmt.Println(cakes.TryPush("pear"))
	<-done // the handler has returned, and its cake is back in the queue
	fmt.Println(cakes.Len(), "left")
	// Output:
	// cakes: 1 in hand, 2 waiting (context deadline exceeded)
	// stage: queue is closed
	// 3 left
}
