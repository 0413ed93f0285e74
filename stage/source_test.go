package stage_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
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

func TestASourceThatEndsItsGoroutineEndsRunAtOnce(t *testing.T) {
	for _, grace := range []time.Duration{0, -1, time.Hour} {
		stagetest.Run(t, stage.Config{Grace: grace}, func(b *stagetest.Bubble) {
			p := rows(b, stage.SourceFunc[int](func(context.Context, []int) (int, error) {
				runtime.Goexit()
				return 0, nil
			}))
			stagetest.Subscribe(b, one(b, "c", ok), p)
			var failed *stage.StageError
			err := b.Start().Wait()
			expectAs(b, "run", err, &failed)
			expectErr(b, "run", err, stage.ErrGoexit)
			expect(b, "it says who", failed.Stage, "rows")
			expect(b, "ended at", stagetest.Elapsed(), 0)
		})
	}
}

func TestASourceThatEndedItsGoroutineMayBeServedAgain(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		fetches := 0
		p := rows(b, stage.SourceFunc[int](func(_ context.Context, dst []int) (int, error) {
			if fetches++; fetches == 1 {
				runtime.Goexit()
			}
			dst[0] = 7
			return 1, io.EOF
		}))
		var seen stagetest.Record[int]
		ended := make(chan struct{})
		c := one(b, "c", seen.Handle("c", nil))
		stagetest.Subscribe(b, c, p)
		b.Serve(c)
		go func() {
			defer close(ended)
			_ = p.Serve(b.Context())
		}()
		<-ended
		expect(b, "state", b.Stage("rows").State, stage.StateFailed)
		expectErr(b, "served again", p.Serve(b.Context()), nil)
		b.Rest()
		expect(b, "handled", seen.Done(), []int{7})
	})
}

func TestABackOffThatPanicsLeavesAProducerThatMayBeServedAgain(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		panics := true
		p := stage.NewProducer(b.Pipeline, "rows", stagetest.Count(stagetest.Break(stagetest.ErrPlanned), stagetest.Break(stagetest.ErrPlanned), stagetest.Give(2)),
			stage.ProducerConfig{BackOff: func(int) time.Duration {
				if panics {
					panic("no such time")
				}
				return time.Second
			}})
		c := one(b, "c", ok)
		stagetest.Subscribe(b, c, p)
		b.Serve(c)
		expect(b, "panic", recovered(b.Context(), p.Serve), any("no such time"))
		expect(b, "state", b.Stage("rows").State, stage.StateFailed)
		panics = false
		expectErr(b, "served again", p.Serve(b.Context()), nil)
		expect(b, "ended at", stagetest.Elapsed(), time.Second)
		expect(b, "done", b.Rest().Outlet("rows").Done, 2)
	})
}

func TestASequenceThatPanicsHasFailed(t *testing.T) {
	stagetest.Run(t, stage.Config{Logger: quiet()}, func(b *stagetest.Bubble) {
		p := rows(b, stage.FromSeq(func(yield func(int, error) bool) {
			yield(1, nil)
			panic("broken off")
		}))
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), p)
		var panicked *stage.PanicError
		expectAs(b, "run", b.Start().Wait(), &panicked)
		expect(b, "panic", panicked.Value, any("broken off"))
		expect(b, "what came before", seen.Done(), []int{1})
		expect(b, "state", b.Stage("rows").State, stage.StateFailed)
	})
}

func TestASequenceThatPanicsWhenItIsStoppedEndsNothingElse(t *testing.T) {
	stagetest.Run(t, stage.Config{Grace: -1, Logger: quiet()}, func(b *stagetest.Bubble) {
		p := rows(b, stage.FromSeq(func(yield func(int, error) bool) {
			for yield(1, nil) {
			}
			panic("clean-up failed")
		}))
		stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](time.Second)), p)
		run := b.Start()
		b.Advance(3 * time.Second)
		var left *stage.DrainError
		expectAs(b, "run", run.Stop(errKilled), &left)
		expect(b, "state", b.Stage("rows").State, stage.StateDone)
	})
}
