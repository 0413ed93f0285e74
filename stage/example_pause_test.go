package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// A pause holds what was accepted, and goes on accepting while there is room.
func ExamplePipeline_Pause() {
	press := func(ctx context.Context, page string) error {
		fmt.Println("printed", page)
		return nil
	}

	p := stage.New("printer", stage.Config{})
	pages := stage.NewQueue[string](p, "pages", stage.QueueConfig{})
	printer := stage.NewConsumer(p, "printer", press, stage.ConsumerConfig[string]{})
	if _, err := printer.Subscribe(pages); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()

	p.Pause()
	for _, page := range []string{"cover", "index"} {
		if err := pages.Push(ctx, page); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("out of paper,", pages.Len(), "wait")
	p.Resume()

	pages.Close()
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// out of paper, 2 wait
	// printed cover
	// printed index
}
