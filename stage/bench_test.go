package stage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// benchEvent is an event of a usual size.
type benchEvent struct{ id, value uint64 }

// benchRun runs p until the benchmark ends, when it closes the queues and waits.
func benchRun(b *testing.B, p *stage.Pipeline, queues ...*stage.Queue[benchEvent]) {
	b.Helper()
	ran := make(chan error, 1)
	go func() { ran <- p.Run(context.Background()) }()
	b.Cleanup(func() {
		for _, q := range queues {
			q.Close()
		}
		if err := <-ran; err != nil {
			b.Error(err)
		}
	})
}

// benchJoined fails b if a subscription did.
func benchJoined(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func benchIgnore(context.Context, benchEvent) error        { return nil }
func benchIgnoreSlice(context.Context, []benchEvent) error { return nil }

// BenchmarkPush pushes from one goroutine while a consumer takes slices.
func BenchmarkPush(b *testing.B) {
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[benchEvent](p, "queue", stage.QueueConfig{Buffer: 100_000})
	_, err := stage.NewSliceConsumer(p, "consumer", benchIgnoreSlice, stage.ConsumerConfig[benchEvent]{}).Subscribe(q)
	benchJoined(b, err)
	benchRun(b, p, q)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		if err := q.Push(b.Context(), benchEvent{i, i}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTryPushRefused asks a queue that is full.
func BenchmarkTryPushRefused(b *testing.B) {
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[benchEvent](p, "queue", stage.QueueConfig{Buffer: 1})
	if err := q.TryPush(benchEvent{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := q.TryPush(benchEvent{}); !errors.Is(err, stage.ErrFull) {
			b.Fatal(err)
		}
	}
}

// BenchmarkPushBesideWaiters pushes into a partition, and has it handled, while
// others wait for room in another one.
func BenchmarkPushBesideWaiters(b *testing.B) {
	for _, waiters := range []int{0, 10_000} {
		b.Run(fmt.Sprint(waiters), func(b *testing.B) { benchmarkPushBeside(b, waiters) })
	}
}

func benchmarkPushBeside(b *testing.B, waiters int) {
	const stuck, free = 0, 1
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[benchEvent](p, "queue", stage.QueueConfig{})
	hold, handled := make(chan struct{}), make(chan struct{}, 1)
	c := stage.NewConsumer(p, "consumer", func(_ context.Context, ev benchEvent) error {
		if ev.id == stuck {
			<-hold
		} else {
			handled <- struct{}{}
		}
		return nil
	}, stage.ConsumerConfig[benchEvent]{Workers: 2})
	_, err := c.Subscribe(stage.Partition(q, stage.PartitionConfig[benchEvent]{Key: func(ev benchEvent) uint64 { return ev.id }, Buffer: 1}))
	benchJoined(b, err)
	benchRun(b, p, q)
	var waiting sync.WaitGroup
	for range waiters {
		waiting.Go(func() { _ = q.Push(b.Context(), benchEvent{id: stuck}) })
	}
	for waiters > 0 && p.Snapshot().Outlet("queue").Pushers < waiters-2 { // one in hand, one in the buffer
		time.Sleep(time.Millisecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Push(b.Context(), benchEvent{id: free}); err != nil {
			b.Fatal(err)
		}
		<-handled
	}
	b.StopTimer()
	close(hold)
	q.Seal() // who waits is refused
	waiting.Wait()
}

// BenchmarkVisit is what a worker needs for one event, beside its handler, when
// there always is one: to close the books of the last and to take the next. The
// time of an operation, which also pushes, is of no interest.
func BenchmarkVisit(b *testing.B) {
	b.Run("lazy", func(b *testing.B) { benchmarkVisit(b, stage.Lazy(1, time.Millisecond)) })
	b.Run("demand", func(b *testing.B) { benchmarkVisit(b, stage.Demand(1000, 500)) })
}

func benchmarkVisit(b *testing.B, by stage.SubOption) {
	const visits = 10_000
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[benchEvent](p, "queue", stage.QueueConfig{Buffer: visits})
	seen, done := 0, make(chan struct{}, 1)
	c := stage.NewConsumer(p, "consumer", func(context.Context, benchEvent) error {
		if seen++; seen%visits == 0 {
			done <- struct{}{}
		}
		return nil
	}, stage.ConsumerConfig[benchEvent]{})
	_, err := c.Subscribe(q, by)
	benchJoined(b, err)
	benchRun(b, p, q)
	b.ReportAllocs()
	evs := make([]benchEvent, visits)
	var handling time.Duration
	for b.Loop() {
		q.Pause()
		if _, err := q.PushAll(b.Context(), evs); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		q.Resume()
		<-done
		handling += time.Since(began)
	}
	b.ReportMetric(float64(handling.Nanoseconds())/float64(b.N*visits), "ns/visit")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSnapshot reads a pipeline of ten stages that have done some work.
func BenchmarkSnapshot(b *testing.B) {
	p := stage.New("bench", stage.Config{})
	var queues []*stage.Queue[benchEvent]
	for i := range 5 {
		q := stage.NewQueue[benchEvent](p, fmt.Sprint("queue-", i), stage.QueueConfig{})
		_, err := stage.NewConsumer(p, fmt.Sprint("consumer-", i), benchIgnore, stage.ConsumerConfig[benchEvent]{}).Subscribe(q)
		benchJoined(b, err)
		queues = append(queues, q)
	}
	benchRun(b, p, queues...)
	for _, q := range queues {
		if _, err := q.PushAll(b.Context(), make([]benchEvent, 1000)); err != nil {
			b.Fatal(err)
		}
		if err := q.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if s := p.Snapshot(); len(s.Stages) != 10 {
			b.Fatal(len(s.Stages), "stages")
		}
	}
}

// BenchmarkDo pushes one event and waits for its outcome.
func BenchmarkDo(b *testing.B) {
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[benchEvent](p, "queue", stage.QueueConfig{})
	_, err := stage.NewConsumer(p, "consumer", benchIgnore, stage.ConsumerConfig[benchEvent]{}).Subscribe(q)
	benchJoined(b, err)
	benchRun(b, p, q)
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Do(b.Context(), benchEvent{}); err != nil {
			b.Fatal(err)
		}
	}
}
