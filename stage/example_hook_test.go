package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"

	"github.com/affluxlab/afflux/stage"
)

// A hook hears of what happens to a pipeline, and an observer of each call of a
// handler: the places for logs, metrics and traces.
func ExampleConfig() {
	p := stage.New("school", stage.Config{
		Logger: slog.New(slog.DiscardHandler),
		Hook: func(e stage.Notice) {
			switch e := e.(type) {
			case stage.EventFailed:
				fmt.Printf("%s: event %d of %s failed: %v\n", e.Stage, e.Seq, e.Outlet, e.Err)
			case stage.EventsDropped, stage.SourceFailed, stage.StageEnded: // for an alert
			}
		},
		Observe: func(h stage.Handled) {
			fmt.Printf("%s: event %d of %s, attempt %d: %d done, %d failed\n",
				h.Stage, h.Seq, h.Outlet, h.Attempt, h.Done, h.Failed)
			// h.BufferWait, h.InboxWait and h.Service tell where its time went
		},
	})
	mark := func(ctx context.Context, essay string) error {
		if essay == "" {
			return errors.New("nothing to read")
		}
		return nil
	}
	essays := stage.NewQueue[string](p, "essays", stage.QueueConfig{})
	teacher := stage.NewConsumer(p, "teacher", mark, stage.ConsumerConfig[string]{})
	if _, err := teacher.Subscribe(essays); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := essays.PushAll(ctx, []string{"my holidays", ""}); err != nil {
		log.Fatal(err)
	}
	essays.Close()
	if err := p.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// teacher: event 0 of essays, attempt 1: 1 done, 0 failed
	// teacher: event 1 of essays failed: nothing to read
	// teacher: event 1 of essays, attempt 1: 0 done, 1 failed
}
