package stage_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// keyed is an event of a key with its number in that.
type keyed struct{ key, n int }

func keyOf(k keyed) uint64 { return uint64(k.key) }

// order checks that events of one key are handled one at a time, in order.
type order struct {
	mu     sync.Mutex // guards what follows
	next   map[int]int
	at     map[int]bool
	faults []string
	done   int
}

func newOrder() *order { return &order{next: map[int]int{}, at: map[int]bool{}} }

// handle takes the time, and fails, as rng says.
func (o *order) handle(rng func(int) int) func(context.Context, keyed) error {
	return func(ctx context.Context, k keyed) error {
		o.begin(k)
		defer o.end(k)
		if d := rng(3); d > 0 {
			time.Sleep(time.Duration(d) * ms)
		}
		if rng(20) == 0 {
			return errAlways
		}
		o.finish(k)
		return nil
	}
}

func (o *order) begin(k keyed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.at[k.key] {
		o.faults = append(o.faults, fmt.Sprintf("two of key %d at one time", k.key))
	}
	if o.at[k.key] = true; o.next[k.key] != k.n {
		o.faults = append(o.faults, fmt.Sprintf("key %d: %d, want %d", k.key, k.n, o.next[k.key]))
	}
}

func (o *order) end(k keyed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at[k.key] = false
}

func (o *order) finish(k keyed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next[k.key]++
	o.done++
}

func (o *order) check(t testing.TB, done int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.faults) > 0 {
		t.Fatalf("%d faults, the first: %s", len(o.faults), o.faults[0])
	}
	expect(t, "done", o.done, done)
}

// dice are random numbers for many goroutines.
func dice(seed uint64) func(int) int {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 1))
	return func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rng.IntN(n)
	}
}

func Test33_PartitionOrderUnderResize(t *testing.T) {
	for seed := range uint64(4) {
		inBubble(t, func(b *stagetest.Bubble) {
			const events, keys = 25_000, 8
			rng := dice(seed)
			jobs := stage.NewQueue[keyed](b.Pipeline, "jobs", stage.QueueConfig{Buffer: 2000})
			parts := stage.Partition(jobs, stage.PartitionConfig[keyed]{Key: keyOf, Partitions: 64})
			o := newOrder()
			retry := func(stage.Failure[keyed]) stage.Verdict { return stage.RetryAfter(time.Duration(rng(3)) * ms) }
			var c [2]*stage.Consumer[keyed]
			for i := range c {
				c[i] = stage.NewConsumer(b.Pipeline, fmt.Sprint("c", i), o.handle(rng), stage.ConsumerConfig[keyed]{OnError: retry})
				stagetest.Subscribe(b, c[i], parts)
			}
			s := stage.NewSpawner(b.Pipeline, "s", o.handle(rng), stage.SpawnerConfig[keyed]{Max: 3, OnError: retry})
			stagetest.Subscribe(b, s, parts)
			feed := b.Go(func(ctx context.Context) error {
				defer jobs.Close()
				next := map[int]int{}
				for range events {
					k := rng(keys)
					if err := jobs.Push(ctx, keyed{k, next[k]}); err != nil {
						return err
					}
					next[k]++
				}
				return nil
			})
			run := b.Start()
			for range 60 {
				must(b.T, c[rng(2)].Resize(1+rng(12)), s.Resize(1+rng(12)))
				b.Advance(time.Duration(rng(100)) * ms)
			}
			expectErr(b, "feed", feed.Wait(), nil)
			expectErr(b, "run", run.Wait(), nil)
			o.check(b, events)
		})
	}
}

func Test34_PartitionHotKey(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := stage.NewQueue[keyed](b.Pipeline, "jobs", stage.QueueConfig{Buffer: 1000})
		parts := stage.Partition(jobs, stage.PartitionConfig[keyed]{Key: keyOf, Partitions: 1000, Buffer: 20})
		stuck := make(chan struct{})
		var mu sync.Mutex
		done := map[int]int{}
		c := stage.NewConsumer(b.Pipeline, "c", func(_ context.Context, k keyed) error {
			if k.key == 0 {
				<-stuck
			}
			mu.Lock()
			defer mu.Unlock()
			done[k.key]++
			return nil
		}, stage.ConsumerConfig[keyed]{Workers: 2})
		stagetest.Subscribe(b, c, parts)
		run := b.Start()
		full := 0
		for i := range 500 {
			key := 0
			if i%10 == 9 {
				key = 1 + i%7
			}
			switch err := jobs.TryPush(keyed{key, i}); err {
			case nil:
			case stage.ErrFull:
				if full++; key != 0 {
					b.Errorf("key %d is full", key)
				}
			default:
				b.Error(err)
			}
			b.Rest()
		}
		expect(b, "refused", full, 450-21)
		others := 0
		for key, n := range done {
			if key != 0 {
				others += n
			}
		}
		expect(b, "others", others, 50)
		o := b.Outlet("jobs")
		expect(b, "waits", o.Buffer, 20)
		expect(b, "behind the one in hand", o.Blocked, 20)
		expect(b, "partitions", o.Partitions, 1000)
		waiting := b.Go(func(ctx context.Context) error { return jobs.Push(ctx, keyed{0, 500}) })
		behind := b.Go(func(ctx context.Context) error { return jobs.Push(ctx, keyed{3, 501}) })
		expect(b, "a push of the hot key waits", waiting.Ended(), false)
		expectErr(b, "another does not", behind.Wait(), nil)
		close(stuck)
		expectErr(b, "now it has room", waiting.Wait(), nil)
		jobs.Close()
		expectErr(b, "run", run.Wait(), nil)
	})
}

func Test35_PartitionPanicInKey(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		key := func(n int) uint64 {
			if n == 3 {
				panic("no key")
			}
			return uint64(n)
		}
		jobs := queueOf(b, stage.QueueConfig{})
		rows := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(stagetest.Give(5), stagetest.EOF())), stage.ProducerConfig{})
		var seen stagetest.Record[int]
		c := one(b, "c", seen.Handle("c", nil))
		for _, o := range []stage.Outlet[int]{jobs, rows} {
			stagetest.Subscribe(b, c, stage.Partition(o, stage.PartitionConfig[int]{Key: key}))
		}
		var panicked *stage.PanicError
		expectAs(b, "try", jobs.TryPush(3), &panicked)
		expectAs(b, "push", jobs.Push(b.Context(), 3), &panicked)
		expectAs(b, "do", jobs.Do(b.Context(), 3), &panicked)
		n, err := jobs.PushAll(b.Context(), []int{1, 2, 3, 4})
		expect(b, "pushed", n, 2)
		expectAs(b, "push all", err, &panicked)
		jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		expectOnce(b, "handled", seen.Done(), []int{1, 1, 2, 2, 4, 5})
		expect(b, "of the source: failed", b.Outlet("rows").Failed, 1)
		expect(b, "of the queue: refused", b.Outlet("jobs").Rejected, 5)
	})
}

// An event that is to be tried again later is waited for by its own partition only.
func TestARetryParksItsPartitionAndNoWorker(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		parts := stage.Partition(jobs, stage.PartitionConfig[int]{Key: func(n int) uint64 { return uint64(n / 10) }, Partitions: 1000})
		var seen stagetest.Record[int]
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Fail[int](1, errAlways)), stage.ConsumerConfig[int]{
			OnError: func(f stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Second) },
		})
		stagetest.Subscribe(b, c, parts)
		stagetest.Push(b, jobs, 11, 12, 21, 22)
		jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "begun", seen.Events(), []int{11, 21, 11, 21, 12, 22, 12, 22})
		expect(b, "at", rounded(seen.Starts()), []time.Duration{0, 0, 1000 * ms, 1000 * ms, 1000 * ms, 1000 * ms, 2000 * ms, 2000 * ms})
	})
}

func TestSlicesOfAPartitionAreOfOneKey(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{Buffer: 10_000})
		parts := stage.Partition(jobs, stage.PartitionConfig[int]{Key: func(n int) uint64 { return uint64(n % 3) }, Partitions: 1000, Buffer: 10_000})
		var seen stagetest.Record[int]
		var mu sync.Mutex
		var mixed []int
		h := seen.HandleSlice("c", func(_ context.Context, evs []int) error {
			mu.Lock()
			defer mu.Unlock()
			for _, n := range evs {
				if n%3 != evs[0]%3 {
					mixed = append(mixed, n)
				}
			}
			return nil
		})
		stagetest.Subscribe(b, stage.NewSliceConsumer(b.Pipeline, "c", h, stage.ConsumerConfig[int]{Workers: 4}), parts)
		n, err := jobs.PushAll(b.Context(), stagetest.Ints(1, 9000))
		expectErr(b, "push", err, nil)
		expect(b, "pushed", n, 9000)
		jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "of other keys", mixed, nil)
		expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 9000))
		perKey := map[int]int{}
		for _, n := range seen.Done() {
			if n <= perKey[n%3] {
				b.Fatalf("%d after %d", n, perKey[n%3])
			}
			perKey[n%3] = n
		}
	})
}

func TestAPartitionedTransformKeepsOrder(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		rows := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(stagetest.Give(2000), stagetest.EOF())), stage.ProducerConfig{})
		tr := stage.NewTransform(b.Pipeline, "t", func(_ context.Context, n int, emit func(keyed) error) error {
			return emit(keyed{n % 5, (n - 1) / 5})
		}, stage.TransformConfig[int]{Buffer: 64})
		stagetest.Subscribe(b, tr, rows)
		o := newOrder()
		c := stage.NewConsumer(b.Pipeline, "c", o.handle(dice(3)), stage.ConsumerConfig[keyed]{
			Workers: 6, OnError: func(stage.Failure[keyed]) stage.Verdict { return stage.RetryAfter(ms) },
		})
		o.next[0] = 0
		stagetest.Subscribe(b, c, stage.Partition(tr, stage.PartitionConfig[keyed]{Key: keyOf}))
		expectErr(b, "run", b.Start().Wait(), nil)
		o.check(b, 2000)
	})
}

func TestPushersOfAFullPartitionAreServedInOrderAndMayGiveUp(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		parts := stage.Partition(jobs, stage.PartitionConfig[int]{Key: func(n int) uint64 { return uint64(n / 10) }, Partitions: 1000, Buffer: 1})
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", stagetest.Work[int](time.Second))), parts)
		push := func(n int) *stagetest.Task {
			return b.Go(func(ctx context.Context) error { return jobs.Push(ctx, n) })
		}
		stagetest.Push(b, jobs, 11)
		second, third, fourth := push(12), push(13), push(14)
		all := b.Go(func(ctx context.Context) error {
			_, err := jobs.PushAll(ctx, []int{21, 15, 22, 31})
			return err
		})
		expectErr(b, "who waits comes first", jobs.TryPush(16), stage.ErrFull)
		third.Cancel(errKilled)
		expectErr(b, "gave up", third.Wait(), errKilled)
		b.Start()
		for _, task := range []*stagetest.Task{second, fourth, all} {
			expectErr(b, "push", task.Wait(), nil)
		}
		b.Advance(time.Minute)
		for _, n := range []int{17, 23} { // nobody waits in a lane any more
			stagetest.Push(b, jobs, n)
		}
		jobs.Close()
		b.Drain()
		perKey := map[int][]int{}
		for _, n := range seen.Done() {
			perKey[n/10] = append(perKey[n/10], n)
		}
		expect(b, "by key", perKey, map[int][]int{1: {11, 12, 14, 15, 17}, 2: {21, 22, 23}, 3: {31}})
	})
}

func TestPartitionsThatCannotBeAreRefused(t *testing.T) {
	key := func(int) uint64 { return 0 }
	good := stage.PartitionConfig[int]{Key: key}
	for name, make := range map[string]func(p *stage.Pipeline, q *stage.Queue[int]) stage.Outlet[int]{
		"no key": func(_ *stage.Pipeline, q *stage.Queue[int]) stage.Outlet[int] {
			return stage.Partition(q, stage.PartitionConfig[int]{})
		},
		"too many": func(_ *stage.Pipeline, q *stage.Queue[int]) stage.Outlet[int] {
			return stage.Partition(q, stage.PartitionConfig[int]{Key: key, Partitions: 70_000})
		},
		"no buffer": func(_ *stage.Pipeline, q *stage.Queue[int]) stage.Outlet[int] {
			return stage.Partition(q, stage.PartitionConfig[int]{Key: key, Buffer: -1})
		},
		"twice": func(_ *stage.Pipeline, q *stage.Queue[int]) stage.Outlet[int] {
			return stage.Partition(stage.Partition(q, good), good)
		},
		"late": func(_ *stage.Pipeline, q *stage.Queue[int]) stage.Outlet[int] {
			_ = q.TryPush(1)
			return stage.Partition(q, good)
		},
		"broadcast": func(p *stage.Pipeline, _ *stage.Queue[int]) stage.Outlet[int] {
			return stage.Partition(stage.NewBroadcast[int](p, "b", stage.BroadcastConfig{}), good)
		},
		"that drops": func(p *stage.Pipeline, _ *stage.Queue[int]) stage.Outlet[int] {
			return stage.Partition(stage.NewQueue[int](p, "d", stage.QueueConfig{Overflow: stage.DropOldest, OnDrop: func(int) {}}), good)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := stage.New("p", stage.Config{})
			o := make(p, stage.NewQueue[int](p, "q", stage.QueueConfig{}))
			_, err := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{}).Subscribe(o)
			expectSetting(t, err)
			expectSetting(t, p.Err())
		})
	}
	p := stage.New("p", stage.Config{})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
	c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
	parts := stage.Partition(q, good)
	_, err := c.Subscribe(parts, stage.Demand(10, 5))
	expectSetting(t, err)
	sub, err := c.Subscribe(parts)
	expectErr(t, "subscribe", err, nil)
	expectSetting(t, sub.Set(stage.Manual()))
	expectSetting(t, q.Set(stage.QueueConfig{Overflow: stage.DropOldest, OnDrop: func(int) {}}))
	_, err = c.Subscribe(stage.Partition[int](nil, good))
	expectSetting(t, err)
}

// An event of a source whose key panics has failed, is told, and floods no log.
func TestAKeyThatPanicsIsToldOncePerEventAndLoggedOncePerSecond(t *testing.T) {
	var log bytes.Buffer
	var told []uint64
	stagetest.Run(t, stage.Config{Logger: logged(&log), Hook: func(n stage.Notice) {
		if f, is := n.(stage.EventFailed); is {
			told = append(told, f.Seq)
		}
	}}, func(b *stagetest.Bubble) {
		rows := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(stagetest.Give(100), stagetest.EOF())), stage.ProducerConfig{})
		parts := stage.Partition(rows, stage.PartitionConfig[int]{Key: func(n int) uint64 {
			if n%10 == 0 {
				panic("no key")
			}
			return uint64(n)
		}})
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), parts)
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "failed", b.Outlet("rows").Failed, 10)
		expect(b, "handled", len(seen.Done()), 90)
	})
	expect(t, "told of", len(told), 10)
	slices.Sort(told)
	expect(t, "told once of each", len(slices.Compact(told)), 10)
	expect(t, "lines", strings.Count(log.String(), "event failed"), 1)
}

// A PushAll that waits for room in a partition keeps its place there until the last of
// its events of that partition is in.
func TestAPushOfManyKeepsItsPlaceInAPartition(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		parts := stage.Partition(jobs, stage.PartitionConfig[int]{Key: func(int) uint64 { return 0 }, Buffer: 2})
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", stagetest.Work[int](time.Second))), parts)
		b.Go(func(ctx context.Context) error { _, err := jobs.PushAll(ctx, stagetest.Ints(1, 9)); return err })
		late := b.Go(func(ctx context.Context) error { return jobs.Push(ctx, 10) })
		b.Start()
		expectErr(b, "push", late.Wait(), nil)
		jobs.Close()
		b.Drain()
		expect(b, "order", seen.Done(), stagetest.Ints(1, 10))
	})
}

// Do and Flush on a partition hear of their own events, though slices of it have
// numbers with gaps.
func TestOutcomesOfAPartitionAreThoseOfTheEventsAskedAbout(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		parts := stage.Partition(jobs, stage.PartitionConfig[int]{Key: func(n int) uint64 { return uint64(n % 2) }, Partitions: 1000})
		gate := new(stagetest.Gate[int])
		stagetest.Subscribe(b, sliced(b, "c", func(ctx context.Context, evs []int) error { return gate.Handle(ctx, evs[0]) }), parts)
		n, err := jobs.PushAll(b.Context(), stagetest.Ints(0, 99)) // 0 2 4 … and 1 3 5 …
		expectErr(b, "push", err, nil)
		expect(b, "pushed", n, 100)
		last := b.Go(func(ctx context.Context) error { return jobs.Do(ctx, 101) })
		flush := b.Go(jobs.Flush)
		b.Advance(3 * time.Second)
		expect(b, "oldest", b.Outlet("jobs").Oldest, 3*time.Second)
		b.Start()
		b.Rest()
		expect(b, "told too soon", last.Ended() || flush.Ended(), false)
		gate.Open()
		expectErr(b, "do", last.Wait(), nil)
		expectErr(b, "flush", flush.Wait(), nil)
	})
}
