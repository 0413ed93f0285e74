package stage_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// left is a batch as its receiver saw it.
type left struct {
	At     time.Duration
	Key    int
	Events []int
	Reason stage.Reason
}

func (l left) String() string { return fmt.Sprintf("%v: %d %v %v", l.At, l.Key, l.Events, l.Reason) }

// batching is a batcher of ints by their tens, and what left it.
type batching struct {
	jobs    *stage.Queue[int]
	batcher *stage.Batcher[int, int]
	taker   *stage.Consumer[stage.Batch[int, int]]

	mu   sync.Mutex // guards what follows
	gate func(context.Context) error
	left []left
}

// open lets handlers go through another gate from now on.
func (x *batching) open(gate func(context.Context) error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.gate = gate
}

func (x *batching) take(ctx context.Context, l stage.Batch[int, int]) error {
	x.mu.Lock()
	x.left = append(x.left, left{stagetest.Elapsed(), l.Key, l.Events, l.Reason})
	gate := x.gate
	x.mu.Unlock()
	return gate(ctx)
}

func newBatching(b *stagetest.Bubble, cfg stage.BatcherConfig[int, int]) *batching {
	x := &batching{jobs: queueOf(b, stage.QueueConfig{}), gate: func(context.Context) error { return nil }}
	if cfg.Key == nil {
		cfg.Key = func(n int) int { return n / 10 }
	}
	x.batcher = stage.NewBatcher(b.Pipeline, "batch", cfg)
	stagetest.Subscribe(b, x.batcher, x.jobs)
	x.taker = stage.NewConsumer(b.Pipeline, "taker", x.take, stage.ConsumerConfig[stage.Batch[int, int]]{})
	stagetest.Subscribe(b, x.taker, x.batcher)
	return x
}

func (x *batching) saw(b *stagetest.Bubble, want ...left) {
	b.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	expect(b, "batches", x.left, want)
	x.left = nil
}

func Test44_BatchSizeAgeWeight(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) { // size and age, and keys that do not disturb each other
		x := newBatching(b, stage.BatcherConfig[int, int]{Size: 3, MaxAge: time.Second})
		b.Start()
		stagetest.Push(b, x.jobs, 11)
		b.Advance(900 * ms)
		stagetest.Push(b, x.jobs, 21, 12) // does not make the first any younger
		b.At(999 * ms)
		x.saw(b)
		b.At(1000 * ms)
		x.saw(b, left{time.Second, 1, []int{11, 12}, stage.ReasonAge})
		stagetest.Push(b, x.jobs, 22, 23, 24)
		b.Rest()
		x.saw(b, left{time.Second, 2, []int{21, 22, 23}, stage.ReasonSize})
		expect(b, "gathered", b.Stage("batch").Gathered, 1)
		b.At(1950 * ms) // the age of the batch that was full means nothing any more
		x.saw(b)
		b.At(2 * time.Second)
		x.saw(b, left{2 * time.Second, 2, []int{24}, stage.ReasonAge})
		expect(b, "open", b.Stage("batch").Batches, 0)
	})
	inBubble(t, func(b *stagetest.Bubble) { // weight: before it would be exceeded
		x := newBatching(b, stage.BatcherConfig[int, int]{Weight: 10, Weigh: func(n int) int { return n % 10 }, Key: func(int) int { return 0 }})
		b.Start()
		stagetest.Push(b, x.jobs, 4, 5, 3, 7, 19, 8)
		b.Rest()
		x.saw(b,
			left{0, 0, []int{4, 5}, stage.ReasonWeight}, left{0, 0, []int{3, 7}, stage.ReasonWeight},
			left{0, 0, []int{19}, stage.ReasonWeight})
		x.batcher.Flush()
		b.Rest()
		x.saw(b, left{0, 0, []int{8}, stage.ReasonFlush})
	})
	inBubble(t, func(b *stagetest.Bubble) { // the oldest makes room for another key
		x := newBatching(b, stage.BatcherConfig[int, int]{Size: 10, MaxOpen: 2})
		b.Start()
		stagetest.Push(b, x.jobs, 11, 21, 12, 31)
		b.Rest()
		x.saw(b, left{0, 1, []int{11, 12}, stage.ReasonEvicted})
	})
}

func Test45_DrainDeliversAll_WithABatcher(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		x := newBatching(b, stage.BatcherConfig[int, int]{Size: 100, MaxAge: time.Hour})
		tries := 0
		x.open(func(context.Context) error {
			if tries++; tries == 1 {
				return errAlways
			}
			return nil
		})
		failing := stage.NewConsumer(b.Pipeline, "failing", stagetest.Fail[int](1, errAlways), stage.ConsumerConfig[int]{
			OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Hour) },
		})
		tasks := queueOf2(b)
		stagetest.Subscribe(b, failing, tasks)
		stagetest.Push(b, tasks, 1)
		stagetest.Push(b, x.jobs, stagetest.Ints(10, 29)...)
		run := b.Start()
		expect(b, "gathered", b.Stage("batch").Gathered, 20)
		expect(b, "to be tried again", b.Outlet("tasks").Delayed, 1)
		drain := b.Go(b.Pipeline.Drain)
		expectErr(b, "push", x.jobs.TryPush(1), stage.ErrClosed)
		expectErr(b, "drain", drain.Wait(), nil)
		expectErr(b, "run", run.Wait(), nil)
		if stagetest.Elapsed() > time.Second {
			b.Errorf("it took %v", stagetest.Elapsed())
		}
		x.saw(b, left{0, 1, stagetest.Ints(10, 19), stage.ReasonFlush}, left{0, 2, stagetest.Ints(20, 29), stage.ReasonFlush})
		expect(b, "the retry", b.Outlet("tasks").Done, 1)
	})
}

// What fills up while nobody takes batches waits in its queue, and not in batches.
func TestABatcherWaitsForWhoTakesItsBatches(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		x := newBatching(b, stage.BatcherConfig[int, int]{Size: 10, Buffer: 2})
		blocked := make(chan struct{})
		x.open(func(context.Context) error { <-blocked; return nil })
		stagetest.Push(b, x.jobs, stagetest.Ints(100, 999)...)
		run := b.Start()
		b.Advance(time.Minute)
		o := b.Outlet("batch")
		if o.InSystem() > 3 {
			b.Errorf("%d batches", o.InSystem())
		}
		expect(b, "all are somewhere", b.Outlet("jobs").InSystem()+10*o.InSystem()+b.Stage("batch").Gathered, 900)
		close(blocked)
		expectErr(b, "run", run.Stop(errKilled), nil)
		total := 0
		for _, l := range x.left {
			total += len(l.Events)
		}
		expect(b, "events that came through", total, 900)
	})
}

func TestABatcherThatIsStoppedLetsGoOfAllThatItHas(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		x := newBatching(b, stage.BatcherConfig[int, int]{Size: 4, Buffer: 1})
		stagetest.Push(b, x.jobs, 11, 21, 31, 12)
		task := b.Serve(x.batcher)
		b.Serve(x.taker)
		b.Rest()
		x.open(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
		expect(b, "gathered", b.Stage("batch").Gathered, 4)
		expectErr(b, "stop", task.Stop(errKilled), errKilled)
		expect(b, "gathered", b.Stage("batch").Gathered, 0)
		expect(b, "in its outlet, though it has room for one", b.Outlet("batch").InSystem(), 3)
		expect(b, "jobs", b.Outlet("jobs").Done, 4)
	})
}

func TestADrainThatEndsTooSoonTellsWhatIsInBatches(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		batcher := stage.NewBatcher(b.Pipeline, "batch", stage.BatcherConfig[int, int]{Size: 2, Buffer: 1})
		stagetest.Subscribe(b, batcher, jobs)
		taker := stage.NewConsumer(b.Pipeline, "taker", func(ctx context.Context, _ stage.Batch[int, int]) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, stage.ConsumerConfig[stage.Batch[int, int]]{})
		stagetest.Subscribe(b, taker, batcher)
		stagetest.Push(b, jobs, stagetest.Ints(1, 7)...)
		run := b.Start()
		ctx, cancel := context.WithTimeoutCause(b.Context(), time.Second, errKilled)
		defer cancel()
		err := b.Pipeline.Drain(ctx)
		var undrained *stage.DrainError
		expectAs(b, "drain", err, &undrained)
		total := 0
		for _, l := range undrained.Left {
			total += l.Events()
			if l.Outlet == "batch" { // of two events each
				total += l.Events() - l.Gathered
			}
		}
		expect(b, "events left", total, 7)
		expectAs(b, "run", run.Wait(), &undrained)
	})
}

func TestABatcherOfOneKeyAndItsFailures(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		var failed []int
		batcher := stage.NewBatcher(b.Pipeline, "batch", stage.BatcherConfig[string, int]{
			Size: 2, Weight: 100,
			Weigh: func(n int) int {
				if n == 3 {
					panic("heavy")
				}
				return 1
			},
			OnError: func(f stage.Failure[int]) stage.Verdict { failed = append(failed, f.Event); return stage.Verdict{} },
		})
		stagetest.Subscribe(b, batcher, jobs)
		var seen stagetest.Record[stage.Batch[string, int]]
		stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", nil), stage.ConsumerConfig[stage.Batch[string, int]]{}), batcher)
		stagetest.Push(b, jobs, 1, 2, 3, 4, 5)
		jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "failed", failed, []int{3})
		var sizes []int
		for _, l := range seen.Done() {
			sizes = append(sizes, len(l.Events))
		}
		expect(b, "sizes", sizes, []int{2, 2})
		expect(b, "books", b.Outlet("jobs").Failed, 1)
	})
}

// A batch whose partition cannot be told fails, and those after it are handed on.
func TestABatchWhoseKeyPanicsHoldsNoOtherUp(t *testing.T) {
	type batch = stage.Batch[string, int]
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		batcher := stage.NewBatcher(b.Pipeline, "batch", stage.BatcherConfig[string, int]{Size: 2})
		stagetest.Subscribe(b, batcher, jobs)
		parts := stage.Partition[batch](batcher, stage.PartitionConfig[batch]{Key: func(l batch) uint64 {
			if l.Events[0] == 3 {
				panic("no key")
			}
			return 0
		}})
		var seen stagetest.Record[batch]
		stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", nil), stage.ConsumerConfig[batch]{}), parts)
		b.Start()
		stagetest.Push(b, jobs, stagetest.Ints(1, 8)...)
		b.Rest()
		var got [][]int
		for _, l := range seen.Done() {
			got = append(got, l.Events)
		}
		expect(b, "handed on", got, [][]int{{1, 2}, {5, 6}, {7, 8}})
		expect(b, "failed", b.Outlet("batch").Failed, 1)
	})
}

// A batch that may be as old as time can tell waits for what else completes it, and
// its batcher sleeps meanwhile.
func TestAnAgeWithoutEndIsNeverReached(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		x := newBatching(b, stage.BatcherConfig[int, int]{MaxAge: math.MaxInt64})
		b.Start()
		b.Advance(time.Second) // or it would begin at 0, and end within what there is
		stagetest.Push(b, x.jobs, 11)
		b.Rest()
		x.saw(b)
		// Each timer that it would wake by is made anew, which takes memory.
		expect(b, "allocations in 10 ns", testing.AllocsPerRun(100, func() { time.Sleep(10 * time.Nanosecond) }), 0)
	})
}

func TestBatchersThatCannotBeAreRefused(t *testing.T) {
	weigh := func(int) int { return 1 }
	for i, cfg := range []stage.BatcherConfig[int, int]{
		{Size: -1}, {Size: 1_000_001}, {Weight: -1}, {Weight: 5}, {Weigh: weigh}, {MaxAge: -1}, {MaxOpen: -1}, {Buffer: -1}, {OnEnd: 9},
	} {
		p := stage.New("p", stage.Config{})
		stage.NewBatcher(p, fmt.Sprint("b", i), cfg)
		expectSetting(t, p.Err())
	}
}

// A key that equals no other, itself included, fails its event.
func TestABatchHasAKeyThatCanBeFoundAgain(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		batcher := stage.NewBatcher(b.Pipeline, "batch", stage.BatcherConfig[float64, int]{
			Key: func(n int) float64 { return math.Sqrt(float64(n)) },
		})
		stagetest.Subscribe(b, batcher, jobs)
		var seen stagetest.Record[stage.Batch[float64, int]]
		stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", nil), stage.ConsumerConfig[stage.Batch[float64, int]]{}), batcher)
		stagetest.Push(b, jobs, 4, -1, 4)
		jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "batches", seen.Done(), []stage.Batch[float64, int]{{Key: 2, Events: []int{4, 4}, Reason: stage.ReasonFlush}})
		expect(b, "failed", b.Outlet("jobs").Failed, 1)
	})
}

// While nobody wants batches, they are filled rather than sent to wait: a slow taker
// gets full ones, however old they are.
func TestBatchesAreFullWhereTheirTakerIsTheBottleneck(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		x := newBatching(b, stage.BatcherConfig[int, int]{Size: 50, MaxAge: 200 * ms, Key: func(int) int { return 0 }})
		x.open(func(context.Context) error { time.Sleep(300 * ms); return nil })
		b.Start()
		n, err := x.jobs.PushAll(b.Context(), stagetest.Ints(1, 1000))
		expectErr(b, "push", err, nil)
		expect(b, "pushed", n, 1000)
		b.Advance(time.Minute)
		var sizes []int
		for _, l := range x.left {
			sizes = append(sizes, len(l.Events))
		}
		expect(b, "sizes", sizes, slices.Repeat([]int{50}, 20))
	})
}

// A policy that ends the goroutine of a batcher has decided about one event: those
// after it return.
func TestAPolicyThatEndsABatcherLosesNothing(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		batcher := stage.NewBatcher(b.Pipeline, "batch", stage.BatcherConfig[int, int]{
			Key: func(n int) int {
				if n == 3 {
					panic("no key")
				}
				return 0
			},
			OnError: func(stage.Failure[int]) stage.Verdict { runtime.Goexit(); return stage.Verdict{} },
		})
		stagetest.Subscribe(b, batcher, jobs, stage.Demand(100, 0))
		taker := stage.NewConsumer(b.Pipeline, "taker", func(context.Context, stage.Batch[int, int]) error { return nil }, stage.ConsumerConfig[stage.Batch[int, int]]{})
		stagetest.Subscribe(b, taker, batcher)
		b.Serve(taker)
		n, err := jobs.PushAll(b.Context(), stagetest.Ints(1, 10))
		expectErr(b, "push", err, nil)
		expect(b, "pushed", n, 10)
		gone := make(chan struct{})
		go func() { defer close(gone); _ = batcher.Serve(b.Context()) }()
		<-gone
		o := b.Outlet("jobs")
		expect(b, "done, failed, waiting", []int{int(o.Done), int(o.Failed), o.Buffer}, []int{2, 1, 7})
	})
}
