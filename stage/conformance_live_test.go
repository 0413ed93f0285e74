package stage_test

import (
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func Test49_SetDemandLive(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 5000})
		sub := stagetest.Subscribe(b, one(b, "c", seen.Handle("c", stagetest.Work[int](ms))), q, stage.Demand(1000, 500))
		b.Start()
		pushAll(b, q, stagetest.Ints(1, 5000))
		unfinished := func() int {
			s := b.Subscription("c", "jobs")
			return s.Credit + s.Inbox + s.Hands
		}
		b.At(100 * ms)
		expect(b, "unfinished", unfinished(), 900)
		expectErr(b, "set", sub.Set(stage.Demand(1, 0)), nil)
		for n := 900; n > 1; n-- {
			expect(b, "unfinished while it drains", unfinished(), n)
			b.Advance(ms)
		}
		for range 100 {
			b.Advance(ms)
			expect(b, "unfinished afterwards", unfinished(), 1)
		}
		expectErr(b, "set", sub.Set(stage.Demand(1000, 500)), nil)
		for range 1000 {
			b.Advance(ms)
			if n := unfinished(); n > 1000 || n <= 500 {
				b.Fatalf("%d unfinished, want 501 to 1000", n)
			}
		}
		b.Drain()
		expect(b, "handled in order", seen.Done(), stagetest.Ints(1, 5000))
		expect(b, "time", stagetest.Elapsed(), 5*time.Second)
	})
}

// Credit above the new bound is withdrawn: it gets no more than it may have.
func TestDemandThatIsLoweredIsWithdrawn(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		sub := stagetest.Subscribe(b, one(b, "c", gate.Handle), q, stage.Demand(1000, 500))
		b.Start()
		stagetest.Push(b, q, 1, 2, 3)
		b.Rest()
		expect(b, "pending", sub.Pending(), 997)
		expectErr(b, "set", sub.Set(stage.Demand(5, 2)), nil)
		expect(b, "pending", sub.Pending(), 2)
		stagetest.Push(b, q, stagetest.Ints(4, 20)...)
		b.Rest()
		expect(b, "buffer, inbox, hand", where(b), []int{15, 4, 1})
		gate.Open()
		b.Drain()
	})
}

// The way of handing out may change under load, and back, with events in the
// inbox.
func TestLazyAndPrefetchChangeLive(t *testing.T) {
	for name, workers := range map[string]int{"one worker": 1, "three workers": 3} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				q := queueOf(b, stage.QueueConfig{})
				c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Work[int](ms)), stage.ConsumerConfig[int]{Workers: workers})
				sub := stagetest.Subscribe(b, c, q)
				b.Start()
				pushAll(b, q, stagetest.Ints(1, 1000))
				b.At(10 * ms)
				expect(b, "inbox when lazy", b.Subscription("c", "jobs").Inbox, 0)
				expectErr(b, "set", sub.Set(stage.Demand(100, 50)), nil)
				b.At(11 * ms)
				s := b.Subscription("c", "jobs")
				expect(b, "unfinished when prefetching", s.Inbox+s.Hands+s.Credit, 100-workers)
				expectErr(b, "set", sub.Set(stage.Lazy(1, ms)), nil)
				waits := b.Outlet("jobs").Buffer
				b.At(20 * ms)
				expect(b, "what was dealt out comes first", b.Outlet("jobs").Buffer, waits)
				b.At(150 * ms)
				expect(b, "inbox when lazy again", b.Subscription("c", "jobs").Inbox, 0)
				expect(b, "busy", seen.Running(), workers)
				b.Drain()
				expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 1000))
				if workers == 1 {
					expect(b, "in order", seen.Done(), stagetest.Ints(1, 1000))
				}
			})
		})
	}
}

// A pause may lie between: nothing is forgotten that was dealt out before it.
func TestAChangeDuringAPauseForgetsNothing(t *testing.T) {
	for name, to := range map[string]stage.SubOption{"to lazy": stage.Lazy(1, ms), "to more": stage.Demand(50, 1), "to less": stage.Demand(1, 0)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				q := queueOf(b, stage.QueueConfig{})
				sub := stagetest.Subscribe(b, one(b, "c", seen.Handle("c", stagetest.Work[int](ms))), q, stage.Demand(10, 5))
				b.Start()
				stagetest.Push(b, q, stagetest.Ints(1, 10)...)
				b.Rest()
				q.Pause()
				b.Advance(time.Second)
				expectErr(b, "set", sub.Set(to), nil)
				b.Advance(time.Second)
				q.Resume()
				b.Advance(time.Second)
				expect(b, "handled", seen.Done(), stagetest.Ints(1, 10))
			})
		})
	}
}

// A smaller buffer drops nothing; a larger one lets waiting pushers in at once.
func TestABufferChangesLive(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 4})
		stagetest.Push(b, q, 1, 2, 3, 4)
		waits := pushing(b, q, 5)
		expectErr(b, "set", q.Set(stage.QueueConfig{Buffer: 5}), nil)
		expectErr(b, "who waited", waits.Wait(), nil)
		expectErr(b, "set", q.Set(stage.QueueConfig{Buffer: 1}), nil)
		expectErr(b, "a push", q.TryPush(6), stage.ErrFull)
		expect(b, "length", q.Len(), 5)
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), q)
		b.Start()
		b.Drain()
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 5))
	})
}
