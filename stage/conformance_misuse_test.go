package stage_test

import (
	"context"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func Test54_SubscribeErrors(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", seen.Handle("c", nil))
		other := stage.NewQueue[int](stage.New("other", stage.Config{}), "jobs", stage.QueueConfig{})
		for _, try := range []func() (*stage.Subscription, error){
			func() (*stage.Subscription, error) { return c.Subscribe(other) },
			func() (*stage.Subscription, error) { return c.Subscribe(q, stage.Demand(1, 1)) },
			func() (*stage.Subscription, error) { return c.Subscribe(q, stage.Demand(0, 0), stage.Demand(10, 5)) },
			func() (*stage.Subscription, error) { return c.Subscribe(q, stage.Lazy(-1, time.Second)) },
		} {
			sub, err := try()
			expectSetting(b, err)
			expect(b, "subscription", sub, nil)
		}
		expect(b, "half made", len(b.Outlet("jobs").Subscriptions), 0)
		stagetest.Subscribe(b, c, q)
		b.Start()
		stagetest.Push(b, q, 1)
		b.Rest()
		expect(b, "handled", seen.Done(), []int{1})
	})
}

func Test55_RunTwiceRunAfterClose(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", stagetest.Work[int](ms))
		stagetest.Subscribe(b, c, q)
		run := b.Start()
		expectErr(b, "a second Run", b.Pipeline.Run(b.Context()), stage.ErrServing)
		expectErr(b, "Serve beside Run", c.Serve(b.Context()), stage.ErrServing)
		expectErr(b, "Serve of the queue beside Run", q.Serve(b.Context()), stage.ErrServing)
		stagetest.Push(b, q, 1)
		q.Close()
		expectErr(b, "run", run.Wait(), nil)
		expectErr(b, "Run after the end", b.Start().Wait(), nil) // there is nothing to do
		expectErr(b, "a push after the end", q.TryPush(2), stage.ErrClosed)
		expectErr(b, "Do after the end", q.Do(b.Context(), 2), stage.ErrClosed)
		expectErr(b, "Flush after the end", q.Flush(b.Context()), nil)
		b.Drain()
		b.Drain()
		sub, err := c.Subscribe(q)
		expectErr(b, "subscribe after the end", err, nil)
		<-sub.Done()
	})
	t.Run("one stage", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			q := queueOf(b, stage.QueueConfig{})
			c := one(b, "c", stagetest.Work[int](ms))
			stagetest.Subscribe(b, c, q)
			serve := b.Serve(c)
			expectErr(b, "a second Serve", c.Serve(b.Context()), stage.ErrServing)
			expectErr(b, "serve", serve.Stop(errKilled), errKilled)
			c.Leave()
			c.Leave()
			expectErr(b, "Serve after Leave", c.Serve(b.Context()), stage.ErrEnded)
		})
	})
}

// A stage with a bad setting is refused by Run and by Serve, and breaks nothing.
func TestBadSettingsAreRefused(t *testing.T) {
	source := stage.Source[int](stagetest.Count())
	handler := func(context.Context, int) error { return nil }
	for name, make := range map[string]func(p *stage.Pipeline) stagetest.Server{
		"no name": func(p *stage.Pipeline) stagetest.Server { return stage.NewQueue[int](p, "", stage.QueueConfig{}) },
		"a name that is taken": func(p *stage.Pipeline) stagetest.Server {
			stage.NewQueue[int](p, "x", stage.QueueConfig{})
			return stage.NewConsumer(p, "x", handler, stage.ConsumerConfig[int]{})
		},
		"no handler": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewConsumer[int](p, "x", nil, stage.ConsumerConfig[int]{})
		},
		"no slice handler": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewSliceConsumer[int](p, "x", nil, stage.ConsumerConfig[int]{})
		},
		"workers": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewConsumer(p, "x", handler, stage.ConsumerConfig[int]{Workers: -1})
		},
		"no task": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewSpawner[int](p, "x", nil, stage.SpawnerConfig[int]{})
		},
		"max": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewSpawner(p, "x", handler, stage.SpawnerConfig[int]{Max: -1})
		},
		"refill": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewSpawner(p, "x", handler, stage.SpawnerConfig[int]{Refill: -1})
		},
		"no source": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewProducer[int](p, "x", nil, stage.ProducerConfig{})
		},
		"failures": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewProducer(p, "x", source, stage.ProducerConfig{MaxFailures: -1})
		},
		"overflow": func(p *stage.Pipeline) stagetest.Server {
			return stage.NewQueue[int](p, "x", stage.QueueConfig{Overflow: 9})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				s := make(b.Pipeline)
				expectSetting(b, b.Pipeline.Err())
				expectSetting(b, b.Start().Wait())
				expectSetting(b, b.Serve(s).Wait())
			})
		})
	}
}

// Bad changes are refused and change nothing.
func TestBadChangesAreRefused(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", stagetest.Work[int](ms))
		tasks := stage.NewSpawner(b.Pipeline, "tasks", stagetest.Work[int](ms), stage.SpawnerConfig[int]{})
		sub := stagetest.Subscribe(b, c, q, stage.Demand(10, 5))
		b.Start()
		expectSetting(b, c.Resize(0))
		expectSetting(b, c.Resize(1_000_001))
		expectSetting(b, tasks.Resize(0))
		expectSetting(b, tasks.SetSlots(10, -1))
		expectSetting(b, q.Set(stage.QueueConfig{Overflow: stage.DropNewest}))
		expectSetting(b, sub.Set(stage.Demand(5, 5)))
		expect(b, "workers, tasks", []int{b.Stage("c").Workers, b.Stage("tasks").Target}, []int{1, 10})
		expect(b, "demand", b.Subscription("c", "jobs").Max, 10)
	})
}
