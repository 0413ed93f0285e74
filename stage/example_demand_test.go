package stage_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// Where events wait is a matter of the subscription: ahead of time in the inbox
// of who asked for them, or in the queue, where every worker can reach them.
// It can be changed while they flow.
func ExampleSubscription_Set() {
	began, finish := make(chan bool), make(chan bool)
	work := func(ctx context.Context, job int) error {
		began <- true
		<-finish
		return nil
	}

	p := stage.New("yard", stage.Config{})
	jobs := stage.NewQueue[int](p, "jobs", stage.QueueConfig{})
	worker := stage.NewConsumer(p, "worker", work, stage.ConsumerConfig[int]{})
	sub, err := worker.Subscribe(jobs, stage.Demand(4, 2))
	if err != nil {
		log.Fatal(err)
	}
	show := func(when string) {
		o := p.Snapshot().Outlets[0]
		fmt.Printf("%s: %d in hand, %d in the inbox, %d in the queue\n", when, o.Hands, o.Inboxes, o.Buffer)
	}
	ctx := context.Background()
	if _, err := jobs.PushAll(ctx, []int{1, 2, 3, 4, 5, 6}); err != nil {
		log.Fatal(err)
	}
	jobs.Close()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	<-began
	show("Demand(4, 2)")

	if err := sub.Set(stage.Lazy(1, time.Millisecond)); err != nil {
		log.Fatal(err)
	}
	show("Lazy")
	jobs.Rebalance()
	show("rebalanced")

	close(finish)
	for range 5 {
		<-began
	}
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// Demand(4, 2): 1 in hand, 3 in the inbox, 2 in the queue
	// Lazy: 1 in hand, 3 in the inbox, 2 in the queue
	// rebalanced: 1 in hand, 0 in the inbox, 5 in the queue
}
