package stage_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/affluxlab/afflux/stage"
)

// A sequence that yields an error and ends has failed: a file that could not be
// read to its end must not look like one that was.
func TestASequenceThatEndsWithAnErrorIsNoOrderlyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("disk gone")
		p := stage.New("p", stage.Config{Logger: slog.New(slog.DiscardHandler)})
		rows := stage.NewProducer(p, "rows", stage.FromSeq(func(yield func(int, error) bool) {
			_ = yield(1, nil) && yield(0, broken)
		}), stage.ProducerConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { return nil }, stage.ConsumerConfig[int]{})
		if _, err := c.Subscribe(rows); err != nil {
			t.Fatal(err)
		}
		if err := p.Run(t.Context()); !errors.Is(err, broken) {
			t.Errorf("Run: %v, want the error of the sequence", err)
		}
	})
}
