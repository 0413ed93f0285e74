package stage_test

import (
	"testing"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// idleThree starts consumers a, b and c, which have asked in that order, and says
// what each has been dealt out.
func idleThree(b *stagetest.Bubble, q *stage.Queue[int], gate *stagetest.Gate[int], how stage.SubOption) (dealt func() []int) {
	for _, name := range []string{"a", "b", "c"} {
		join(b, q, name, gate, how)
	}
	return func() (n []int) {
		for _, name := range []string{"a", "b", "c"} {
			s := b.Subscription(name, "jobs")
			n = append(n, s.Inbox+s.Hands)
		}
		return n
	}
}

// join starts a consumer of slices behind a gate.
func join(b *stagetest.Bubble, q *stage.Queue[int], name string, gate *stagetest.Gate[int], how stage.SubOption) *stagetest.Task {
	c := sliced(b, name, gate.HandleSlice)
	stagetest.Subscribe(b, c, q, how)
	return b.Serve(c)
}

func TestP1_OneBurstGoesToTheFirst(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		dealt := idleThree(b, q, &gate, stage.Demand(1000, 500))
		pushAll(b, q, stagetest.Ints(1, 900))
		b.Rest()
		expect(b, "shares", dealt(), []int{900, 0, 0})
		expect(b, "in its hand", gate.Holds(), stagetest.Ints(1, 500))
		pushAll(b, q, stagetest.Ints(901, 1800))
		b.Rest()
		expect(b, "shares", dealt(), []int{900, 900, 0})
		gate.Open()
	})
}

func TestP2_OneByOneGoesRound(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		dealt := idleThree(b, q, &gate, stage.Demand(1000, 500))
		stagetest.Push(b, q, stagetest.Ints(1, 900)...)
		b.Rest()
		expect(b, "shares", dealt(), []int{300, 300, 300})
		gate.Open()
	})
	t.Run("shares of 334, 333 and 333", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			var gate stagetest.Gate[int]
			q := queueOf(b, stage.QueueConfig{})
			dealt := idleThree(b, q, &gate, stage.Demand(1000, 500))
			stagetest.Push(b, q, stagetest.Ints(1, 1000)...)
			b.Rest()
			expect(b, "shares", dealt(), []int{334, 333, 333})
			gate.Open()
		})
	})
}

func TestP3_LateJoinersGetNothingOfAnInbox(t *testing.T) {
	shares := func(how stage.SubOption) (handled map[string]int) {
		inBubble(t, func(b *stagetest.Bubble) {
			var seen stagetest.Record[int]
			q := queueOf(b, stage.QueueConfig{})
			join := func(name string) {
				c := one(b, name, seen.Handle(name, stagetest.Work[int](ms)))
				stagetest.Subscribe(b, c, q, how)
				b.Serve(c)
			}
			join("a")
			stagetest.Push(b, q, stagetest.Ints(1, 1000)...)
			b.Rest()
			join("b")
			join("c")
			b.Drain()
			expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 1000))
			handled = seen.By()
		})
		return handled
	}
	expect(t, "with Demand(1000, 500)", shares(stage.Demand(1000, 500)), map[string]int{"a": 1000})
	for name, n := range shares(stage.Demand(1, 0)) {
		if n < 333 || n > 334 {
			t.Errorf("with Demand(1, 0): %s handled %d, want a third", name, n)
		}
	}
}

func TestP4_AnInboxReturnsInOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(b *stagetest.Bubble, serve *stagetest.Task, first *stage.Consumer[int], sub *stage.Subscription, gate *stagetest.Gate[int])
		// What is in the buffer then, and what was used twice.
		back  int
		twice []int
	}{
		{"cancel", func(b *stagetest.Bubble, _ *stagetest.Task, _ *stage.Consumer[int], sub *stage.Subscription, _ *stagetest.Gate[int]) {
			sub.Cancel(nil)
		}, 9, nil},
		{"leave", func(b *stagetest.Bubble, _ *stagetest.Task, first *stage.Consumer[int], _ *stage.Subscription, _ *stagetest.Gate[int]) {
			first.Leave()
		}, 9, nil},
		{"failure", func(b *stagetest.Bubble, serve *stagetest.Task, _ *stage.Consumer[int], _ *stage.Subscription, gate *stagetest.Gate[int]) {
			gate.Refuse(1, stagetest.ErrPlanned)
			expectErr(b, "serve", serve.Wait(), stagetest.ErrPlanned)
		}, 10, []int{1}},
		{"kill", func(b *stagetest.Bubble, serve *stagetest.Task, _ *stage.Consumer[int], _ *stage.Subscription, _ *stagetest.Gate[int]) {
			expectErr(b, "serve", serve.Stop(errKilled), errKilled)
		}, 10, []int{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				var gate stagetest.Gate[int]
				q := queueOf(b, stage.QueueConfig{})
				first := stage.NewConsumer(b.Pipeline, "first", seen.Handle("first", gate.Handle), stage.ConsumerConfig[int]{
					OnError: func(stage.Failure[int]) stage.Verdict { return stage.Verdict{Action: stage.Stop} },
				})
				sub := stagetest.Subscribe(b, first, q, stage.Demand(10, 5))
				serve := b.Serve(first)
				stagetest.Push(b, q, stagetest.Ints(1, 12)...)
				b.Rest()
				expect(b, "buffer, inbox, hand", where(b), []int{2, 9, 1})

				c.end(b, serve, first, sub, &gate)
				b.Rest()
				expect(b, "buffer, inbox, hand", where(b), []int{2 + c.back, 0, 10 - c.back})
				second := one(b, "second", seen.Handle("second", nil))
				stagetest.Subscribe(b, second, q, stage.Demand(3, 1))
				b.Serve(second)
				gate.Open()
				b.Rest()
				var of2nd []int
				for _, call := range seen.Calls() {
					if call.By == "second" {
						of2nd = append(of2nd, call.Events...)
					}
				}
				expect(b, "in order", of2nd, stagetest.Ints(13-2-c.back, 12))
				expectOnce(b, "done", seen.Done(), stagetest.Ints(1, 12))
				expectOnce(b, "used", seen.Events(), append(append([]int{}, c.twice...), stagetest.Ints(1, 12)...))
				b.Drain()
			})
		})
	}
}

// where says what waits in the buffer, in inboxes and in hand.
func where(b *stagetest.Bubble) []int {
	o := b.Outlet("jobs")
	return []int{o.Buffer, o.Inboxes, o.Hands}
}

// What came back is taken before what is newer, and may exceed the buffer.
func TestReturnedEventsExceedTheBufferAndAreNeverRefused(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 5})
		c := one(b, "c", seen.Handle("c", gate.Handle))
		sub := stagetest.Subscribe(b, c, q, stage.Demand(10, 5))
		b.Serve(c)
		stagetest.Push(b, q, stagetest.Ints(1, 15)...)
		waits := pushing(b, q, 16)
		b.Rest()
		expect(b, "buffer, inbox, hand", where(b), []int{5, 9, 1})
		sub.Cancel(nil)
		expect(b, "buffer, inbox, hand", where(b), []int{14, 0, 1})
		expectErr(b, "a push", q.TryPush(17), stage.ErrFull)
		gate.Open()
		b.Rest()
		stagetest.Subscribe(b, c, q)
		b.Rest()
		expectErr(b, "who waited", waits.Wait(), nil)
		b.Drain()
		expect(b, "handled in order", seen.Done(), stagetest.Ints(1, 16))
	})
}

// Rebalance gives late workers their part of what was dealt out.
func TestRebalanceDealsInboxesOutAnew(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{})
		join(b, q, "a", &gate, stage.Demand(1000, 999))
		stagetest.Push(b, q, stagetest.Ints(1, 901)...)
		b.Rest()
		join(b, q, "b", &gate, stage.Demand(1000, 999))
		join(b, q, "c", &gate, stage.Demand(1000, 999))
		q.Rebalance()
		b.Rest()
		for _, name := range []string{"a", "b", "c"} {
			s := b.Subscription(name, "jobs")
			if all := s.Inbox + s.Hands; all < 300 || all > 301 {
				b.Errorf("%s has %d of 901, want a third", name, all)
			}
			expect(b, "unfinished", s.Inbox+s.Hands+s.Credit, 1000)
		}
		gate.Open()
		b.Drain()
	})
}
