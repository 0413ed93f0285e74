package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// The end of Run's context, by a signal for instance, is no end of the work: Run
// first works off what was accepted, for as long as Config.Grace allows.
func ExamplePipeline_Run() {
	ctx, quit := context.WithCancelCause(context.Background())
	write := func(ctx context.Context, line string) error {
		quit(errors.New("interrupt")) // Run's context, not the handler's
		fmt.Println("wrote", line, ctx.Err())
		return nil
	}

	p := stage.New("log", stage.Config{})
	lines := stage.NewQueue[string](p, "lines", stage.QueueConfig{})
	writer := stage.NewConsumer(p, "writer", write, stage.ConsumerConfig[string]{})
	if _, err := writer.Subscribe(lines); err != nil {
		log.Fatal(err)
	}
	if _, err := lines.PushAll(ctx, []string{"one", "two", "three"}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ended:", p.Run(ctx))
	// Output:
	// wrote one <nil>
	// wrote two <nil>
	// wrote three <nil>
	// ended: <nil>
}
