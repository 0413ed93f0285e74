package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/supervise"
)

// Each stage is a service of its own for whoever supervises services. The queue
// outlives its stages: an event whose stage gave up is back in its place.
func ExampleConsumer_Serve() {
	tries := 0
	write := func(ctx context.Context, row string) error {
		if tries++; tries == 1 {
			return errors.New("connection lost")
		}
		fmt.Println("wrote", row)
		return nil
	}
	giveUp := func(f stage.Failure[string]) stage.Verdict { return stage.Verdict{Action: stage.Stop} }

	p := stage.New("store", stage.Config{Logger: slog.New(slog.DiscardHandler)})
	rows := stage.NewQueue[string](p, "rows", stage.QueueConfig{})
	writer := stage.NewConsumer(p, "writer", write, stage.ConsumerConfig[string]{OnError: giveUp})
	if _, err := writer.Subscribe(rows); err != nil {
		log.Fatal(err)
	}
	tree, err := supervise.New(supervise.Config{
		Name:     "store",
		Children: []supervise.Child{{Name: "writer", Service: writer, Restart: supervise.Transient}},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tree.Serve(ctx) }()

	if err := rows.Do(ctx, "one"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(tree.Snapshot().Children[0].Restarts, "restart")

	if err := p.Drain(ctx); err != nil { // first what was accepted, then the tree
		log.Fatal(err)
	}
	stop()
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// wrote one
	// 1 restart
}
