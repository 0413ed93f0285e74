package stage_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// logged collects what a pipeline logs, without the time.
func logged(to *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// What was forgotten to be joined is told of, once: all else would wait for it in silence.
func TestWhatIsJoinedToNothingIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p := stage.New("p", stage.Config{Logger: logged(&log), Grace: time.Second})
		q := stage.NewQueue[int](p, "full", stage.QueueConfig{})
		stage.NewQueue[int](p, "empty", stage.QueueConfig{})
		must(t, q.TryPush(1))
		tr := stage.NewTransform(p, "made for nobody", pass, stage.TransformConfig[int]{})
		fed := stage.NewQueue[int](p, "fed", stage.QueueConfig{})
		_, err := tr.Subscribe(fed)
		must(t, err)
		c := stage.NewConsumer(p, "alone", ok, stage.ConsumerConfig[int]{})
		stage.NewConsumer(p, "waits for more", ok, stage.ConsumerConfig[int]{OnEnd: stage.Temporary})
		c.DeadLetters()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_ = p.Run(ctx)
		for name, want := range map[string]int{"full": 1, "empty": 0, "made for nobody": 1, "fed": 0, "alone": 1, "alone/dead-letters": 1, "waits for more": 0} {
			got := 0
			for line := range strings.Lines(log.String()) {
				if line = strings.TrimSpace(line); strings.Contains(line, "subscribed to") && (strings.HasSuffix(line, "="+name) || strings.HasSuffix(line, `="`+name+`"`)) {
					got++
				}
			}
			if got != want {
				t.Errorf("%q is told of %d times, want %d", name, got, want)
			}
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
}

// A handler that does not heed its context is named, again and again.
func TestStagesThatDoNotLeaveAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p := stage.New("p", stage.Config{Logger: logged(&log), Grace: time.Second})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "deaf", func(context.Context, int) error { time.Sleep(26 * time.Second); return nil }, stage.ConsumerConfig[int]{})
		_, err := c.Subscribe(q)
		must(t, err, q.TryPush(1))
		ctx, cancel := context.WithCancel(t.Context())
		ended := served(ctx, p.Run)
		synctest.Wait()
		cancel()
		must(t, <-ended)
		if n := strings.Count(log.String(), "running="); n != 3 || strings.Count(log.String(), "deaf") < 3 { // after 1 s, 11 s and 21 s
			t.Errorf("told %d times:\n%s", n, log.String())
		}
	})
}
