package stage_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// anyStage is what all kinds of stages have in common.
type anyStage interface {
	Name() string
	Serve(context.Context) error
}

// oneOfEach makes a stage of each kind, with nothing to do.
func oneOfEach(b *stagetest.Bubble) []anyStage {
	p := b.Pipeline
	q := stage.NewQueue[int](p, "queue", stage.QueueConfig{})
	c := stage.NewConsumer(p, "consumer", ok, stage.ConsumerConfig[int]{})
	s := stage.NewSpawner(p, "spawner", ok, stage.SpawnerConfig[int]{})
	stagetest.Subscribe(b, c, q)
	stagetest.Subscribe(b, s, q)
	return []anyStage{q, c, s, stage.NewProducer(p, "producer", stagetest.Count(), stage.ProducerConfig{})}
}

// recovered serves as a supervisor does that recovers, and returns the panic.
func recovered(ctx context.Context, serve func(context.Context) error) (v any) {
	defer func() { v = recover() }()
	_ = serve(ctx)
	return nil
}

// hooked is a hook that fails when a stage starts, or ends, as long as it is told to.
type hooked struct {
	atEnd bool
	fail  func()
}

func (h *hooked) hook(n stage.Notice) {
	_, ends := n.(stage.StageEnded)
	_, starts := n.(stage.StageStarted)
	if h.fail != nil && (h.atEnd && ends || !h.atEnd && starts) {
		h.fail()
	}
}

func TestAStageWhoseHookFailedMayBeServedAgain(t *testing.T) {
	panics := func() { panic("hook") }
	for kind := range 4 {
		for _, h := range []*hooked{{false, panics}, {true, panics}, {false, runtime.Goexit}, {true, runtime.Goexit}} {
			stagetest.Run(t, stage.Config{Hook: h.hook}, func(b *stagetest.Bubble) {
				s := oneOfEach(b)[kind]
				ctx, kill := context.WithCancelCause(b.Context())
				over := make(chan struct{})
				go func() {
					defer close(over)
					_ = recovered(ctx, s.Serve) // a Goexit is no panic
				}()
				b.Rest()
				kill(errKilled)
				<-over
				h.fail = nil
				b.Rest()
				again := b.Serve(s)
				expect(b, s.Name()+" serves", b.Stage(s.Name()).State, stage.StateRunning)
				expectErr(b, s.Name()+" served again", again.Stop(errKilled), errKilled)
			})
		}
	}
}

func TestAHookThatEndsItsGoroutineEndsRunAtOnce(t *testing.T) {
	for _, name := range []string{"queue", "consumer", "spawner", "producer"} {
		stagetest.Run(t, stage.Config{Hook: func(n stage.Notice) {
			if s, is := n.(stage.StageStarted); is && s.Stage == name {
				runtime.Goexit()
			}
		}}, func(b *stagetest.Bubble) {
			oneOfEach(b)
			expectErr(b, "run, without its "+name, b.Start().Wait(), stage.ErrGoexit)
			expect(b, "ended at", stagetest.Elapsed(), 0)
		})
	}
}

// told are the notices of one type that a pipeline gives while f runs.
func told[N stage.Notice](t *testing.T, f func(b *stagetest.Bubble)) (all []N) {
	var mu sync.Mutex
	stagetest.Run(t, stage.Config{Hook: func(n stage.Notice) {
		if n, is := n.(N); is {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, n)
		}
	}}, f)
	return all
}

func TestTheEndOfASubscriptionIsToldOnce(t *testing.T) {
	type act func(c *stage.Consumer[int], q *stage.Queue[int], s *stage.Subscription)
	for name, end := range map[string]struct {
		act act
		err error
	}{
		"end of the outlet": {func(_ *stage.Consumer[int], q *stage.Queue[int], _ *stage.Subscription) { q.Close() }, nil},
		"cancel":            {func(_ *stage.Consumer[int], _ *stage.Queue[int], s *stage.Subscription) { s.Cancel(errKilled) }, errKilled},
		"leave":             {func(c *stage.Consumer[int], _ *stage.Queue[int], _ *stage.Subscription) { c.Leave() }, nil},
	} {
		for _, serves := range []bool{true, false} {
			got := told[stage.Unsubscribed](t, func(b *stagetest.Bubble) {
				q := queueOf(b, stage.QueueConfig{})
				c := one(b, "c", stagetest.Work[int](time.Second))
				sub := stagetest.Subscribe(b, c, q, stage.Demand(2, 1))
				if serves {
					b.Serve(c)
					stagetest.Push(b, q, 1)
					b.Rest()
				}
				end.act(c, q, sub)
				<-sub.Done()
				sub.Cancel(nil)
				c.Leave()
				q.Close()
				b.Advance(time.Hour)
			})
			expect(t, name, got, []stage.Unsubscribed{{Stage: "c", Outlet: "jobs", Err: end.err}})
		}
	}
}
