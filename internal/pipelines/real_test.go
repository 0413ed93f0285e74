package pipelines_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// shop is a real pipeline with a stage of every kind and a backlog of every kind. It runs
// until the test ends.
func shop(t testing.TB) *stage.Pipeline {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := stage.New("shop", stage.Config{Grace: -1, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	fill := []func(){broadcast(t, p), partitioned(t, p), gathered(t, p), limited(t, p), crowded(ctx, t, p), failing(t, p)}
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	for _, f := range fill {
		f()
	}
	return p
}

// park is a handler that never has done.
func park(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }

// partitioned lets events of one customer wait for each other: workers are free, and nine of
// ten events must not begin.
func partitioned(t testing.TB, p *stage.Pipeline) func() {
	orders := stage.NewQueue[int](p, "orders", stage.QueueConfig{Buffer: 100})
	ledger := stage.NewConsumer(p, "ledger", park, stage.ConsumerConfig[int]{Workers: 4})
	byCustomer := stage.Partition(orders, stage.PartitionConfig[int]{Key: func(int) uint64 { return 7 }, Partitions: 16, Buffer: 50})
	subscribed(t)(ledger.Subscribe(byCustomer))
	return func() { push(t, orders, 10) }
}

// gathered leaves events in batches that are not full.
func gathered(t testing.TB, p *stage.Pipeline) func() {
	clicks := stage.NewQueue[int](p, "clicks", stage.QueueConfig{Buffer: 100})
	bundle := stage.NewBatcher(p, "bundle", stage.BatcherConfig[int, int]{Key: func(ev int) int { return ev % 3 }})
	subscribed(t)(bundle.Subscribe(clicks))
	store := stage.NewConsumer(p, "store", func(context.Context, stage.Batch[int, int]) error { return nil }, stage.ConsumerConfig[stage.Batch[int, int]]{})
	subscribed(t)(store.Subscribe(bundle, stage.Demand(10, 5)))
	return func() { push(t, clicks, 23) }
}

// broadcast has subscribers that wait for each other, one that falls behind, and one that
// is only given what it asks for.
func broadcast(t testing.TB, p *stage.Pipeline) func() {
	pages := stage.NewQueue[int](p, "pages", stage.QueueConfig{})
	parse := stage.NewTransform(p, "parse", func(_ context.Context, ev int, emit func(int) error) error { return emit(ev) }, stage.TransformConfig[int]{})
	subscribed(t)(parse.Subscribe(pages))
	news := stage.NewBroadcast[int](p, "news", stage.BroadcastConfig{})
	subscribed(t)(news.Subscribe(parse))
	mail := stage.NewConsumer(p, "mail", func(context.Context, int) error { return nil }, stage.ConsumerConfig[int]{})
	subscribed(t)(mail.Subscribe(news, stage.Demand(10, 5)))
	index := stage.NewConsumer(p, "index", park, stage.ConsumerConfig[int]{})
	subscribed(t)(index.Subscribe(news, stage.Lag(20, stage.LagDrop)))
	audit := stage.NewConsumer(p, "audit", func(context.Context, int) error { return nil }, stage.ConsumerConfig[int]{})
	asks := subscribed(t)(audit.Subscribe(news, stage.Demand(100, 0), stage.Manual(), stage.Where(func(ev int) bool { return ev%2 == 0 })))
	return func() {
		if err := asks.Ask(40); err != nil {
			t.Error(err)
		}
		push(t, pages, 1)
		time.Sleep(20 * time.Millisecond) // index begins with that one
		push(t, pages, 299)
	}
}

// limited begins with one event in a hundred seconds.
func limited(t testing.TB, p *stage.Pipeline) func() {
	calls := stage.NewQueue[int](p, "calls", stage.QueueConfig{Buffer: 50})
	caller := stage.NewConsumer(p, "caller", func(context.Context, int) error { return nil }, stage.ConsumerConfig[int]{Workers: 3})
	subscribed(t)(caller.Subscribe(calls, stage.Rate(0.01, 1)))
	return func() { push(t, calls, 12) }
}

// crowded is full: pushes wait, and one is refused.
func crowded(ctx context.Context, t testing.TB, p *stage.Pipeline) func() {
	jobs := stage.NewQueue[int](p, "jobs", stage.QueueConfig{Buffer: 5})
	tasks := stage.NewSpawner(p, "tasks", park, stage.SpawnerConfig[int]{Max: 2})
	subscribed(t)(tasks.Subscribe(jobs))
	return func() {
		for range 7 { // two are taken at once
			if err := jobs.Push(ctx, 1); err != nil {
				t.Error(err)
			}
		}
		for range 2 {
			go func() { _ = jobs.Push(ctx, 1) }() // waits until the end
		}
		if err := jobs.TryPush(1); !errors.Is(err, stage.ErrFull) {
			t.Error(err)
		}
	}
}

// failing has a source that fails, and events that do: they are tried again.
func failing(t testing.TB, p *stage.Pipeline) func() {
	source := stage.SourceFunc[int](func(context.Context, []int) (int, error) { return 0, errors.New("no such host") })
	feed := stage.NewProducer(p, "feed", source, stage.ProducerConfig{BackOff: func(int) time.Duration { return time.Hour }})
	read := stage.NewSliceConsumer(p, "read", func(ctx context.Context, _ []int) error { return nil }, stage.ConsumerConfig[int]{})
	subscribed(t)(read.Subscribe(feed, stage.Lazy(50, time.Second)))
	mails := stage.NewQueue[int](p, "mails", stage.QueueConfig{Buffer: 40})
	send := stage.NewConsumer(p, "send", func(context.Context, int) error { return errors.New("refused") }, stage.ConsumerConfig[int]{
		OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Hour) },
	})
	subscribed(t)(send.Subscribe(mails))
	return func() { push(t, mails, 6) }
}

func subscribed(t testing.TB) func(*stage.Subscription, error) *stage.Subscription {
	return func(s *stage.Subscription, err error) *stage.Subscription {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func push(t testing.TB, q *stage.Queue[int], events int) {
	t.Helper()
	for i := range events {
		if err := q.TryPush(i); err != nil {
			t.Fatal(err)
		}
	}
}
