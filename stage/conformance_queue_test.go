package stage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func pushAll(b *stagetest.Bubble, q *stage.Queue[int], evs []int) {
	b.Helper()
	n, err := q.PushAll(b.Context(), evs)
	expect(b, "pushed", n, len(evs))
	expectErr(b, "push", err, nil)
}

// pushing pushes in the background.
func pushing(b *stagetest.Bubble, q *stage.Queue[int], ev int) *stagetest.Task {
	b.Helper()
	return b.Go(func(ctx context.Context) error { return q.Push(ctx, ev) })
}

func Test17_PushWaitsForRoom(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 2})
		stagetest.Push(b, q, 1, 2)
		pushers := []*stagetest.Task{pushing(b, q, 3), pushing(b, q, 4), pushing(b, q, 5)}
		returned := func() (n int) {
			for i, p := range pushers {
				if p.Ended() {
					expect(b, "returned out of turn", i, n)
					n++
				}
			}
			return n
		}
		b.Advance(time.Hour)
		expect(b, "pushers let in by nobody", returned(), 0)
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", gate.Handle)), q)
		b.Start()
		for takes := 1; takes <= 3; takes++ {
			expect(b, "pushers let in", returned(), takes)
			expectErr(b, "who does not wait", q.TryPush(9), stage.ErrFull)
			gate.Release(1)
			b.Rest()
		}
		gate.Open()
		b.Drain()
		expect(b, "order", seen.Events(), stagetest.Ints(1, 5))
	})
}

func Test18_PushHonoursContext(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 2})
		stagetest.Push(b, q, 1, 2)
		gaveUp, stayed := pushing(b, q, 3), pushing(b, q, 4)
		expectErr(b, "push", gaveUp.Stop(errKilled), errKilled)
		expect(b, "accepted", b.Outlet("jobs").Accepted, 2)
		expect(b, "rejected", b.Outlet("jobs").Rejected, 1)
		c := one(b, "c", seen.Handle("c", nil))
		stagetest.Subscribe(b, c, q)
		serve := b.Serve(c)
		expect(b, "the other pusher was let in", stayed.Ended(), true)
		expectErr(b, "push where nobody waits", q.TryPush(5), nil)
		b.Rest()
		expect(b, "events", seen.Events(), []int{1, 2, 4, 5})
		expectErr(b, "serve", serve.Stop(errKilled), errKilled)
	})
}

func Test19_TryPushFull(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 10})
		stagetest.Push(b, q, stagetest.Ints(1, 10)...)
		if err := q.TryPush(11); err != stage.ErrFull {
			b.Errorf("the 11th: %v, want ErrFull itself", err)
		}
		expect(b, "length", q.Len(), 10)
		expect(b, "rejected", b.Outlet("jobs").Rejected, 1)
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), q)
		b.Start()
		b.Drain()
		expect(b, "events", seen.Events(), stagetest.Ints(1, 10))
	})
	full := stage.NewQueue[int](stage.New("full", stage.Config{}), "jobs", stage.QueueConfig{Buffer: 1})
	if err := full.TryPush(1); err != nil {
		t.Fatal(err)
	}
	expect(t, "allocations of a refusal", testing.AllocsPerRun(100, func() { _ = full.TryPush(2) }), 0)
}

func Test20_PushAllPrefix(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 10})
		n := 0
		push := b.Go(func(ctx context.Context) (err error) {
			n, err = q.PushAll(ctx, stagetest.Ints(1, 25))
			return err
		})
		expectErr(b, "push", push.Stop(errKilled), errKilled)
		expect(b, "pushed", n, 10)
		expect(b, "rejected", b.Outlet("jobs").Rejected, 15)
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), q)
		b.Start()
		b.Drain()
		expect(b, "events", seen.Events(), stagetest.Ints(1, 10))
	})
}

func Test21_DropOldestCounts(t *testing.T) {
	dropCase(t, stage.DropOldest, stagetest.Ints(2346, 12_345))
}

func Test22_DropNewestCounts(t *testing.T) { dropCase(t, stage.DropNewest, stagetest.Ints(1, 10_000)) }

// dropCase pushes 12,345 events into room for 10,000.
func dropCase(t *testing.T, mode stage.OverflowMode, kept []int) {
	for name, push := range map[string]func(b *stagetest.Bubble, q *stage.Queue[int], evs []int){
		"one by one": func(b *stagetest.Bubble, q *stage.Queue[int], evs []int) { stagetest.Push(b, q, evs...) },
		"at once":    pushAll,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				told := 0
				q := queueOf(b, stage.QueueConfig{Buffer: 10_000, Overflow: mode, OnDrop: func(n int) { told += n }})
				push(b, q, stagetest.Ints(1, 12_345))
				o := b.Outlet("jobs")
				expect(b, "accepted, dropped, rejected", []uint64{o.Accepted, o.Dropped, o.Rejected}, []uint64{12_345, 2345, 0})
				expect(b, "told", told, 2345)
				expect(b, "length", q.Len(), 10_000)
				stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", nil)), q, stage.Demand(1000, 0))
				b.Start()
				b.Drain()
				expect(b, "kept", seen.Events(), kept)
			})
		})
	}
	t.Run("without OnDrop", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			queueOf(b, stage.QueueConfig{Overflow: mode})
			expectSetting(b, b.Pipeline.Err())
			expectSetting(b, b.Start().Wait())
		})
	})
}

func Test23_BufferBounds(t *testing.T) {
	for _, bad := range []int{-1, -1 << 40, 10_000_001} {
		inBubble(t, func(b *stagetest.Bubble) {
			q := queueOf(b, stage.QueueConfig{Buffer: bad})
			expectSetting(b, b.Pipeline.Err())
			expectSetting(b, b.Start().Wait())
			expectSetting(b, b.Serve(q).Wait())
			expectSetting(b, q.TryPush(1))
		})
		inBubble(t, func(b *stagetest.Bubble) {
			stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count()), stage.ProducerConfig{Buffer: bad})
			expectSetting(b, b.Start().Wait())
		})
	}
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		expect(b, "default", b.Outlet("jobs").Capacity, 1024)
		expectSetting(b, q.Set(stage.QueueConfig{Buffer: -1}))
		expectErr(b, "the largest", q.Set(stage.QueueConfig{Buffer: 10_000_000}), nil)
		expect(b, "capacity", b.Outlet("jobs").Capacity, 10_000_000)
	})
}

// Events come out in the order in which PushAll was given them, also when it had
// to wait in between.
func TestPushAllKeepsItsOrder(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 7})
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", stagetest.Work[int](ms))), q)
		b.Start()
		pushAll(b, q, stagetest.Ints(1, 5000))
		b.Drain()
		expect(b, "events", seen.Done(), stagetest.Ints(1, 5000))
	})
}

func TestDropOldestNeverDropsWhatIsToBeRetried(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 2, Overflow: stage.DropOldest, OnDrop: func(int) {}})
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Chain(
			stagetest.When(func(ev int) bool { return ev <= 2 }, stagetest.Fail[int](1, stagetest.ErrPlanned), nil),
			stagetest.When(func(ev int) bool { return ev > 2 }, gate.Handle, nil),
		)), stage.ConsumerConfig[int]{OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Hour) }})
		stagetest.Subscribe(b, c, q)
		b.Start()
		stagetest.Push(b, q, 1)
		b.Rest() // 1 is to be retried
		stagetest.Push(b, q, 3)
		b.Rest()                      // 3 is in hand
		stagetest.Push(b, q, 4, 5, 6) // one of these waits
		o := b.Outlet("jobs")
		expect(b, "delayed, buffer, dropped", []int{o.Delayed, o.Buffer, int(o.Dropped)}, []int{1, 1, 2})
		gate.Open()
		b.Rest()
		stagetest.Push(b, q, 2)
		b.Rest()                // all that waits is to be retried
		stagetest.Push(b, q, 7) // no room, and nothing to drop but itself
		o = b.Outlet("jobs")
		expect(b, "delayed, buffer, dropped", []int{o.Delayed, o.Buffer, int(o.Dropped)}, []int{2, 0, 3})
		b.Drain()
		expect(b, "handled", seen.Done(), []int{3, 6, 1, 2})
	})
}

// The buffer bounds what waits and what is to be retried together.
func TestADelayedEventCountsAgainstTheBuffer(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{Buffer: 1})
		stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, "c", stagetest.Fail[int](1, stagetest.ErrPlanned), stage.ConsumerConfig[int]{
			OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Second) },
		}), q)
		b.Start()
		stagetest.Push(b, q, 1)
		b.Rest()
		expectErr(b, "push", q.TryPush(2), stage.ErrFull)
		waits := pushing(b, q, 2)
		b.At(999 * ms)
		expect(b, "pushed before the retry", waits.Ended(), false)
		b.At(time.Second)
		expect(b, "pushed", waits.Ended(), true)
		b.Drain()
	})
}

func TestDoTellsTheFinalOutcome(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		finally := errors.New("for good")
		c := stage.NewConsumer(b.Pipeline, "c", func(ctx context.Context, ev int) error {
			return map[int]error{1: nil, 2: stagetest.ErrPlanned, 3: finally}[ev]
		}, stage.ConsumerConfig[int]{OnError: func(f stage.Failure[int]) stage.Verdict {
			if f.Attempt < 3 {
				return stage.RetryAfter(time.Second)
			}
			return stage.Verdict{}
		}})
		stagetest.Subscribe(b, c, q)
		b.Start()
		expectErr(b, "one that is done", q.Do(b.Context(), 1), nil)
		expectErr(b, "one that fails", q.Do(b.Context(), 3), finally)
		expect(b, "time for three attempts", stagetest.Elapsed(), 2*time.Second)
		do := b.Go(func(ctx context.Context) error { return q.Do(ctx, 2) })
		expectErr(b, "one that nobody waits for any more", do.Stop(errKilled), errKilled)
		expect(b, "it stays", b.Outlet("jobs").Delayed, 1)
		b.Drain()
		expectErr(b, "after a drain", q.Do(b.Context(), 1), stage.ErrClosed)
	})
}

func TestDoTellsOfADrop(t *testing.T) {
	for _, mode := range []stage.OverflowMode{stage.DropOldest, stage.DropNewest} {
		inBubble(t, func(b *stagetest.Bubble) {
			q := queueOf(b, stage.QueueConfig{Buffer: 1, Overflow: mode, OnDrop: func(int) {}})
			old := b.Go(func(ctx context.Context) error { return q.Do(ctx, 1) })
			recent := b.Go(func(ctx context.Context) error { return q.Do(ctx, 2) })
			dropped, kept := old, recent
			if mode == stage.DropNewest {
				dropped, kept = recent, old
			}
			expect(b, "told", []bool{dropped.Ended(), kept.Ended()}, []bool{true, false})
			expectErr(b, "the dropped one", dropped.Wait(), stage.ErrDropped)
			stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](ms)), q)
			b.Start()
			expectErr(b, "the other", kept.Wait(), nil)
		})
	}
}

func TestFlushWaitsForWhatCameBeforeInWhateverOrderItEnds(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, "c", gate.Handle, stage.ConsumerConfig[int]{Workers: 5}), q)
		b.Start()
		expectErr(b, "flush of nothing", q.Flush(b.Context()), nil)
		stagetest.Push(b, q, 1, 2, 3)
		flush := b.Go(q.Flush)
		stagetest.Push(b, q, 4, 5)
		b.Rest()
		for _, ev := range []int{5, 3, 4, 1} {
			gate.ReleaseIf(stagetest.Is(ev))
			b.Rest()
			expect(b, "flushed with 2 in hand", flush.Ended(), false)
		}
		gave := b.Go(q.Flush)
		expectErr(b, "one that gave up", gave.Stop(errKilled), errKilled)
		gate.ReleaseIf(stagetest.Is(2))
		expectErr(b, "flush", flush.Wait(), nil)
	})
}

func TestSealRefusesAndUnsealDoesNot(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 2})
		stagetest.Push(b, q, 1, 2)
		waits := pushing(b, q, 3)
		q.Seal()
		expectErr(b, "who waited", waits.Wait(), stage.ErrSealed)
		expectErr(b, "who tries", q.TryPush(4), stage.ErrSealed)
		n, err := q.PushAll(b.Context(), []int{5, 6})
		expectErr(b, "PushAll", err, stage.ErrSealed)
		expect(b, "pushed", n, 0)
		expect(b, "state", b.Outlet("jobs").State, stage.OutletSealed)
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), q)
		b.Start()
		expect(b, "what was accepted goes on", seen.Done(), []int{1, 2})
		q.Unseal()
		stagetest.Push(b, q, 7)
		b.Drain()
		expect(b, "handled", seen.Done(), []int{1, 2, 7})
		expect(b, "rejected", b.Outlet("jobs").Rejected, 4)
	})
}

func TestCloseEndsTheIntakeForGood(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 1})
		stagetest.Push(b, q, 1)
		waits := pushing(b, q, 2)
		q.Close()
		q.Close()
		expectErr(b, "who waited", waits.Wait(), stage.ErrClosed)
		expectErr(b, "who tries", q.TryPush(3), stage.ErrClosed)
		q.Unseal()
		expectErr(b, "after Unseal", q.TryPush(3), stage.ErrClosed)
		sub := stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), q)
		expectErr(b, "run", b.Start().Wait(), nil)
		<-sub.Done()
		expect(b, "handled", seen.Done(), []int{1})
		expect(b, "state", b.Outlet("jobs").State, stage.OutletEnded)
	})
}

// The queue outlives its Serve.
func TestARestartOfAQueueKeepsAll(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", seen.Handle("c", stagetest.Work[int](time.Second)))
		stagetest.Subscribe(b, c, q, stage.Demand(4, 2))
		serve := b.Serve(c)
		stagetest.Push(b, q, stagetest.Ints(1, 10)...)
		expectErr(b, "killed", b.Serve(q).Stop(errKilled), errKilled)
		stagetest.Push(b, q, 11)
		b.Advance(time.Second)
		again := b.Serve(q)
		b.Drain()
		expectErr(b, "queue", again.Wait(), nil)
		expectErr(b, "consumer", serve.Wait(), nil)
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 11))
	})
}

func TestResetCountsWhatIsInTheSystemAsAccepted(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 20})
		stagetest.Subscribe(b, one(b, "c", gate.Handle), q, stage.Demand(5, 0))
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 20)...)
		b.Rest()
		gate.Release(1)
		b.Rest()
		gate.Refuse(1, stagetest.ErrPlanned)
		b.Rest()
		was := b.Pipeline.Reset().Outlets[0]
		expect(b, "before", []uint64{was.Accepted, was.Done, was.Failed}, []uint64{20, 1, 1})
		b.Rest()
		o := b.Outlet("jobs")
		expect(b, "after", []uint64{o.Accepted, o.Done, o.Failed, o.Rejected, o.Total.Count}, []uint64{18, 0, 0, 0, 0})
		expect(b, "untouched", []int{o.Buffer, o.Inboxes, o.Hands}, []int{was.Buffer, was.Inboxes, was.Hands})
		expect(b, "of the consumer", b.Subscription("c", "jobs").Done, 0)
		gate.Open()
		b.Drain()
		expect(b, "done since", b.Outlet("jobs").Done, 18)
	})
}
