package stage_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestAPolicyThatEndsItsGoroutineLosesNothing(t *testing.T) {
	fails := func(context.Context, int) error { return errAlways }
	leaves := func(context.Context, int) error { runtime.Goexit(); return nil }
	policy := func(stage.Failure[int]) stage.Verdict { runtime.Goexit(); return stage.Verdict{} }
	for name, handle := range map[string]func(context.Context, int) error{"after an error": fails, "after Goexit": leaves} {
		for _, spawn := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				p := stage.New("p", stage.Config{Logger: quiet()})
				q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
				var s interface {
					Serve(context.Context) error
					Subscribe(stage.Outlet[int], ...stage.SubOption) (*stage.Subscription, error)
				} = stage.NewConsumer(p, "c", handle, stage.ConsumerConfig[int]{OnError: policy})
				if spawn {
					s = stage.NewSpawner(p, "s", handle, stage.SpawnerConfig[int]{OnError: policy})
				}
				_, err := s.Subscribe(q)
				must(t, err, q.TryPush(1), q.TryPush(2))
				q.Close()
				must(t, s.Serve(t.Context()))
				if o := p.Snapshot().Outlets[0]; o.Failed != 2 || o.InSystem() != 0 {
					t.Errorf("%s, spawner %v: %d failed, %d left", name, spawn, o.Failed, o.InSystem())
				}
			})
		}
	}
}

func TestASliceWhosePolicyEndsItsGoroutineKeepsWhatIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewSliceConsumer(p, "c", func(_ context.Context, evs []int) error {
			if len(evs) < 4 {
				t.Errorf("a slice of %d", len(evs))
			}
			return &stage.SliceError{Failed: map[int]error{1: errAlways, 3: errAlways}}
		}, stage.ConsumerConfig[int]{OnError: func(stage.Failure[int]) stage.Verdict { runtime.Goexit(); return stage.Verdict{} }})
		_, err := c.Subscribe(q, stage.Demand(8, 4))
		must(t, err)
		_, err = q.PushAll(t.Context(), []int{0, 1, 2, 3})
		must(t, err)
		q.Close()
		must(t, c.Serve(t.Context()))
		if o := p.Snapshot().Outlets[0]; o.Done != 2 || o.Failed != 2 {
			t.Errorf("%d done, %d failed, want 2 and 2", o.Done, o.Failed)
		}
	})
}

func TestARetryInTheFarFutureHoldsUpNoOther(t *testing.T) {
	for _, far := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 - time.Hour} {
		inBubble(t, func(b *stagetest.Bubble) {
			var seen stagetest.Record[int]
			q := queueOf(b, stage.QueueConfig{})
			c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Fail[int](1, stagetest.ErrPlanned)),
				stage.ConsumerConfig[int]{OnError: func(f stage.Failure[int]) stage.Verdict {
					if f.Event == 1 {
						return stage.RetryAfter(far)
					}
					return stage.RetryAfter(time.Second)
				}})
			stagetest.Subscribe(b, c, q)
			b.Start()
			b.Advance(time.Second)
			stagetest.Push(b, q, 1, 2)
			b.Advance(999 * ms)
			expect(b, "uses", seen.Events(), []int{1, 2})
			b.Advance(ms)
			expect(b, "uses", seen.Events(), []int{1, 2, 2})
			b.Advance(time.Hour)
			expect(b, "uses", len(seen.Events()), 3)
			b.Drain() // which retries at once what waits
			expect(b, "done", seen.Done(), []int{2, 1})
		})
	}
}

func TestASliceErrorThatNamesNoneOfItsEventsFailsThemAll(t *testing.T) {
	for name, err := range map[string]*stage.SliceError{
		"nil pointer":      nil,
		"no map":           {},
		"empty":            {Failed: map[int]error{}},
		"too high":         {Failed: map[int]error{3: errAlways}},
		"too low":          {Failed: map[int]error{-1: errAlways}},
		"without an error": {Failed: map[int]error{1: nil}},
	} {
		for _, wrapped := range []bool{false, true} {
			inBubble(t, func(b *stagetest.Bubble) {
				var told []error
				q := queueOf(b, stage.QueueConfig{})
				c := stage.NewSliceConsumer(b.Pipeline, "c", func(context.Context, []int) error {
					if wrapped {
						return fmt.Errorf("wrapped: %w", err)
					}
					return err
				}, stage.ConsumerConfig[int]{OnError: func(f stage.Failure[int]) stage.Verdict {
					told = append(told, f.Err)
					return stage.Verdict{}
				}})
				stagetest.Subscribe(b, c, q, stage.Demand(8, 4))
				stagetest.Push(b, q, 1, 2, 3)
				b.Start()
				o := b.Outlet("jobs")
				expect(b, name+": failed", o.Failed, 3)
				expect(b, name+": failures told", len(told), 3)
				for _, err := range told {
					if err == nil || err.Error() == "" {
						b.Errorf("%s: a failure without an error", name)
					}
				}
			})
		}
	}
}

func TestASliceErrorFailsOnlyThoseItNamesThoughItNamesOthersToo(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := sliced(b, "c", func(context.Context, []int) error {
			return &stage.SliceError{Failed: map[int]error{-1: errAlways, 0: nil, 1: errAlways, 3: errAlways}}
		})
		stagetest.Subscribe(b, c, q, stage.Demand(8, 4))
		stagetest.Push(b, q, 1, 2, 3)
		b.Start()
		o := b.Outlet("jobs")
		expect(b, "done", o.Done, 2)
		expect(b, "failed", o.Failed, 1)
	})
}

func TestAnActionThatThereIsNotDropsTheEvent(t *testing.T) {
	for _, spawn := range []bool{false, true} {
		var seen stagetest.Record[int]
		got := told[stage.EventFailed](t, func(b *stagetest.Bubble) {
			q := queueOf(b, stage.QueueConfig{})
			handle := seen.Handle("c", stagetest.Fail[int](-1, stagetest.ErrPlanned))
			var to stagetest.Taker[int] = stage.NewConsumer(b.Pipeline, "c", handle, stage.ConsumerConfig[int]{OnError: always(9)})
			if spawn {
				to = stage.NewSpawner(b.Pipeline, "s", handle, stage.SpawnerConfig[int]{OnError: always(255)})
			}
			stagetest.Subscribe(b, to, q)
			stagetest.Push(b, q, 1)
			b.Start()
			b.Advance(time.Hour)
			expect(b, "uses", seen.Events(), []int{1})
			expect(b, "failed", b.Outlet("jobs").Failed, 1)
			b.Drain()
		})
		if len(got) != 1 || got[0].Action != stage.Drop {
			t.Errorf("told %v, want one event dropped", got)
		}
	}
}
