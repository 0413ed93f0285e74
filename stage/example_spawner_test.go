package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"

	"github.com/affluxlab/afflux/stage"
)

// A spawner runs each event in a goroutine of its own, at most Max at once. What
// runs can be listed, and ended one by one.
func ExampleSpawner() {
	began := make(chan string)
	call := func(ctx context.Context, number string) error {
		began <- number
		<-ctx.Done() // a long talk
		return context.Cause(ctx)
	}
	ended := make(chan error)
	report := func(f stage.Failure[string]) stage.Verdict {
		ended <- fmt.Errorf("%s: %w", f.Event, f.Err)
		return stage.Verdict{Action: stage.Drop}
	}

	p := stage.New("exchange", stage.Config{Logger: slog.New(slog.DiscardHandler)})
	calls := stage.NewQueue[string](p, "calls", stage.QueueConfig{})
	lines := stage.NewSpawner(p, "lines", call, stage.SpawnerConfig[string]{Max: 2, OnError: report})
	if _, err := lines.Subscribe(calls); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := calls.PushAll(ctx, []string{"555-1", "555-2", "555-3"}); err != nil {
		log.Fatal(err)
	}
	calls.Close()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()

	<-began
	<-began
	fmt.Println("waiting:", calls.Len())
	hangUp := errors.New("hung up")
	for task := range lines.Tasks() {
		lines.Cancel(task.ID, hangUp)
		fmt.Println(<-ended)
	}
	fmt.Println("began:", <-began) // a line was free
	for task := range lines.Tasks() {
		lines.Cancel(task.ID, hangUp)
		fmt.Println(<-ended)
	}
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// waiting: 1
	// 555-1: hung up
	// 555-2: hung up
	// began: 555-3
	// 555-3: hung up
}
