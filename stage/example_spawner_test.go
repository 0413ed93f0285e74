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
	began, night := make(chan string), make(chan bool)
	talk := func(ctx context.Context, number string) error {
		began <- number
		select {
		case <-night:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	note := func(f stage.Failure[string]) stage.Verdict {
		fmt.Println(f.Event, f.Err)
		return stage.Verdict{Action: stage.Drop}
	}

	p := stage.New("exchange", stage.Config{Logger: slog.New(slog.DiscardHandler)})
	calls := stage.NewQueue[string](p, "calls", stage.QueueConfig{})
	lines := stage.NewSpawner(p, "lines", talk, stage.SpawnerConfig[string]{Max: 2, OnError: note})
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
	fmt.Println("both lines are busy, waiting:", calls.Len())
	for task := range lines.Tasks() {
		if task.Seq == 0 { // the first event of its queue
			lines.Cancel(task.ID, errors.New("was cut off"))
		}
	}
	fmt.Println(<-began, "has a line")

	close(night)
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// both lines are busy, waiting: 1
	// 555-1 was cut off
	// 555-3 has a line
}
