package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// Stages come and go while a pipeline runs: here a new version takes over, and no
// event is lost or handled twice.
func ExampleConsumer_Leave() {
	p := stage.New("site", stage.Config{})
	pages := stage.NewQueue[string](p, "pages", stage.QueueConfig{})
	join := func(version string) *stage.Consumer[string] {
		render := func(ctx context.Context, page string) error {
			fmt.Println(page, "by", version)
			return nil
		}
		c := stage.NewConsumer(p, version, render, stage.ConsumerConfig[string]{})
		if _, err := c.Subscribe(pages); err != nil {
			log.Fatal(err)
		}
		return c
	}
	ctx := context.Background()
	v1 := join("v1")
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if err := pages.Do(ctx, "home"); err != nil {
		log.Fatal(err)
	}

	join("v2") // starts at once, as the pipeline runs
	v1.Leave()
	if err := pages.Do(ctx, "news"); err != nil {
		log.Fatal(err)
	}

	pages.Close()
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// home by v1
	// news by v2
}
