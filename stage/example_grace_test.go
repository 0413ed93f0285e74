package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// When the time of Grace is over, handlers are told by their contexts. An event
// that was given up is not lost without a word: Run says what is left.
func ExampleConfig_grace() {
	ctx, quit := context.WithCancel(context.Background())
	upload := func(ctx context.Context, file string) error {
		quit()
		<-ctx.Done() // it would take longer than there is time
		return context.Cause(ctx)
	}

	p := stage.New("backup", stage.Config{Grace: time.Millisecond})
	files := stage.NewQueue[string](p, "files", stage.QueueConfig{})
	uploader := stage.NewConsumer(p, "uploader", upload, stage.ConsumerConfig[string]{})
	if _, err := uploader.Subscribe(files); err != nil {
		log.Fatal(err)
	}
	if _, err := files.PushAll(ctx, []string{"a.jpg", "b.jpg"}); err != nil {
		log.Fatal(err)
	}
	err := p.Run(ctx)
	if drain, ok := errors.AsType[*stage.DrainError](err); ok {
		for _, left := range drain.Left {
			fmt.Println(left.Events(), "left in", left.Outlet)
		}
	}
	// Output: 2 left in files
}
