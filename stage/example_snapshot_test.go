package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// A snapshot has every number of a pipeline, for a page, a log or a test. It is
// plain data, and has names for JSON.
func ExamplePipeline_Snapshot() {
	p := stage.New("store", stage.Config{})
	boxes := stage.NewQueue[int](p, "boxes", stage.QueueConfig{Buffer: 10})
	stack := func(ctx context.Context, box int) error { return nil }
	stacker := stage.NewConsumer(p, "stacker", stack, stage.ConsumerConfig[int]{Workers: 2})
	if _, err := stacker.Subscribe(boxes); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := boxes.PushAll(ctx, []int{1, 2, 3}); err != nil {
		log.Fatal(err)
	}
	boxes.Close()
	show := func() {
		s := p.Snapshot()
		for _, o := range s.Outlets {
			fmt.Printf("%s (%v): %d accepted, %d waiting of %d, %d done\n",
				o.Name, o.State, o.Accepted, o.Buffer, o.Capacity, o.Done)
		}
		for _, st := range s.Stages {
			fmt.Printf("%s %s: %v\n", st.Kind, st.Name, st.State)
		}
	}
	show()
	if err := p.Run(ctx); err != nil {
		log.Fatal(err)
	}
	show()
	// Output:
	// boxes (closed): 3 accepted, 3 waiting of 10, 0 done
	// queue boxes: ready
	// consumer stacker: ready
	// boxes (ended): 3 accepted, 0 waiting of 10, 3 done
	// queue boxes: done
	// consumer stacker: done
}
