package stage_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// failures notes what an error policy was told.
type failures struct {
	mu  sync.Mutex
	all []stage.Failure[int]
}

func (f *failures) then(v stage.Verdict) func(stage.Failure[int]) stage.Verdict {
	return func(failure stage.Failure[int]) stage.Verdict {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all = append(f.all, failure)
		return v
	}
}

func (f *failures) events() (evs []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, failure := range f.all {
		evs = append(evs, failure.Event)
	}
	return evs
}

func Test36_ConsumerPanicKeepsRest(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var failed failures
		q := queueOf(b, stage.QueueConfig{})
		h := stagetest.When(stagetest.Is(5), stagetest.Panic[int](stagetest.ErrPlanned), stagetest.Work[int](ms))
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", h), stage.ConsumerConfig[int]{OnError: failed.then(stage.Verdict{})})
		sub := stagetest.Subscribe(b, c, q, stage.Demand(10, 9))
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 10)...)
		b.Advance(time.Second)
		expect(b, "handled", seen.Done(), []int{1, 2, 3, 4, 6, 7, 8, 9, 10})
		expect(b, "failed", failed.events(), []int{5})
		var panicked *stage.PanicError
		expectAs(b, "failure", failed.all[0].Err, &panicked)
		expectErr(b, "the value of the panic", panicked, stagetest.ErrPlanned)
		if !strings.Contains(string(panicked.Stack), "stagetest/handler.go") {
			b.Errorf("the stack does not show where the panic was:\n%s", panicked.Stack)
		}
		o := b.Outlet("jobs")
		expect(b, "done, failed", []uint64{o.Done, o.Failed}, []uint64{9, 1})
		expect(b, "credit", sub.Pending(), 10)
		expect(b, "workers", b.Stage("c").Workers, 1)
	})
}

func Test37_RetryBackoff(t *testing.T) {
	var mu sync.Mutex
	var attempts []int
	observe := func(h stage.Handled) {
		mu.Lock()
		defer mu.Unlock()
		if h.Seq == 0 {
			attempts = append(attempts, h.Attempt)
		}
	}
	stagetest.Run(t, stage.Config{Observe: observe}, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		h := stagetest.When(stagetest.Is(1), stagetest.Fail[int](2, stagetest.ErrPlanned), stagetest.Work[int](100*ms))
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", h), stage.ConsumerConfig[int]{
			OnError: func(f stage.Failure[int]) stage.Verdict {
				return stage.RetryAfter(time.Duration(f.Attempt) * time.Second)
			},
		})
		stagetest.Subscribe(b, c, q, stage.Demand(5, 2))
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 5)...)
		b.At(500 * ms)
		expect(b, "handled meanwhile", seen.Done(), []int{2, 3, 4, 5})
		b.At(5 * time.Second)
		var at []time.Duration
		for _, call := range seen.Calls() {
			if call.Events[0] == 1 {
				at = append(at, call.Start)
			}
		}
		expect(b, "attempts", at, []time.Duration{0, time.Second, 3 * time.Second})
		o := b.Outlet("jobs")
		expect(b, "done, failed, retried", []uint64{o.Done, o.Failed, o.Retried}, []uint64{5, 0, 2})
	})
	expect(t, "numbered", attempts, []int{1, 2, 3})
}

func Test43_WorkerVanishes(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var failed failures
		q := queueOf(b, stage.QueueConfig{})
		h := stagetest.When(stagetest.Is(3), stagetest.Goexit[int](), stagetest.Work[int](ms))
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", h), stage.ConsumerConfig[int]{OnError: failed.then(stage.Verdict{})})
		stagetest.Subscribe(b, c, q, stage.Demand(10, 5))
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 10)...)
		b.Advance(time.Second)
		expect(b, "handled in order", seen.Done(), []int{1, 2, 4, 5, 6, 7, 8, 9, 10})
		expect(b, "failed", failed.events(), []int{3})
		expectErr(b, "failure", failed.all[0].Err, stage.ErrGoexit)
		expect(b, "workers", b.Stage("c").Workers, 1)
	})
	t.Run("in a slice", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			var seen stagetest.Record[int]
			var failed failures
			q := queueOf(b, stage.QueueConfig{})
			h := func(context.Context, []int) error {
				if len(seen.Calls()) == 1 {
					runtime.Goexit()
				}
				return nil
			}
			c := stage.NewSliceConsumer(b.Pipeline, "c", seen.HandleSlice("c", h), stage.ConsumerConfig[int]{
				OnError: failed.then(stage.RetryAfter(0)),
			})
			stagetest.Subscribe(b, c, q, stage.Demand(10, 5))
			pushAll(b, q, stagetest.Ints(1, 10))
			b.Start()
			b.Rest()
			expect(b, "failed", failed.events(), stagetest.Ints(1, 5))
			expectOnce(b, "handled", seen.Done(), stagetest.Ints(1, 10))
		})
	})
}

// A killed consumer gives everything back in order, and what it had in hand runs
// again without having spent an attempt.
func TestAKilledConsumerSpendsNoAttempt(t *testing.T) {
	for name, how := range map[string]stage.SubOption{"lazy": stage.Lazy(1, ms), "prefetch": stage.Demand(10, 5)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				var failed failures
				var gate stagetest.Gate[int]
				q := queueOf(b, stage.QueueConfig{})
				c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", gate.Handle),
					stage.ConsumerConfig[int]{OnError: failed.then(stage.Verdict{})})
				stagetest.Subscribe(b, c, q, how)
				killed := b.Serve(c)
				stagetest.Push(b, q, stagetest.Ints(1, 5)...)
				b.Rest()
				expectErr(b, "serve", killed.Stop(errKilled), errKilled)
				b.Rest()
				expect(b, "buffer, inbox, hand", where(b), []int{5, 0, 0})
				expect(b, "state", b.Stage("c").State, stage.StateStopped)
				b.Serve(c)
				gate.Refuse(1, stagetest.ErrPlanned)
				gate.Open()
				b.Rest()
				expect(b, "used", seen.Events(), []int{1, 1, 2, 3, 4, 5})
				f := failed.all[0]
				expect(b, "event, attempt, tries", []int{f.Event, f.Attempt, f.Tries}, []int{1, 1, 2})
				o := b.Outlet("jobs")
				expect(b, "retried", o.Retried, 0)
			})
		})
	}
}

// A killed slice handler says what it did not come to; what it has done is done.
func TestAKilledSliceHandlerKeepsWhatItHasDone(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := sliced(b, "c", stagetest.Each(seen.Handle("c", stagetest.Work[int](time.Second))))
		stagetest.Subscribe(b, c, q, stage.Demand(8, 3))
		pushAll(b, q, stagetest.Ints(1, 10))
		killed := b.Serve(c)
		b.At(2500 * ms)
		expect(b, "buffer, inbox, hand", where(b), []int{2, 3, 5})
		expectErr(b, "serve", killed.Stop(errKilled), errKilled)
		b.Rest()
		o := b.Outlet("jobs")
		expect(b, "done, failed, retried, waiting", []int{int(o.Done), int(o.Failed), int(o.Retried), o.Buffer}, []int{2, 0, 0, 8})
		b.Serve(c)
		b.Drain()
		expect(b, "done", seen.Done(), stagetest.Ints(1, 10))
		expect(b, "used", seen.Events(), []int{1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10})
	})
}

// What a killed handler gives back is not given to it again by the Serve that
// ends: it would be tried in a circle until the workers have noticed.
func TestAKilledStageTriesNothingAgain(t *testing.T) {
	for name, make := range map[string]func(b *stagetest.Bubble, h stagetest.Handler[int]) (stagetest.Server, stagetest.Taker[int]){
		"consumer": func(b *stagetest.Bubble, h stagetest.Handler[int]) (stagetest.Server, stagetest.Taker[int]) {
			c := one(b, "c", h)
			return c, c
		},
		"spawner": func(b *stagetest.Bubble, h stagetest.Handler[int]) (stagetest.Server, stagetest.Taker[int]) {
			s := stage.NewSpawner(b.Pipeline, "c", h, stage.SpawnerConfig[int]{Max: 1})
			return s, s
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				var gate stagetest.Gate[int]
				q := queueOf(b, stage.QueueConfig{})
				server, taker := make(b, seen.Handle("c", gate.Handle))
				stagetest.Subscribe(b, taker, q)
				stagetest.Push(b, q, stagetest.Ints(1, 5)...)
				const kills = 300
				for range kills {
					expectErr(b, "serve", b.Serve(server).Stop(errKilled), errKilled)
				}
				expect(b, "tries in as many lives", len(seen.Calls()), kills)
				expect(b, "of the first event", slices.Max(seen.Events()), 1)
			})
		})
	}
}

// A handler that finishes its event although its stage was killed has done it.
func TestWhatAKilledConsumerFinishesIsNotRunAgain(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", seen.Handle("c", stagetest.Deaf[int](time.Minute)))
		stagetest.Subscribe(b, c, q, stage.Demand(10, 5))
		killed := b.Serve(c)
		stagetest.Push(b, q, 1, 2, 3)
		b.Rest()
		expectErr(b, "serve", killed.Stop(errKilled), errKilled)
		expect(b, "it waited for its handler", stagetest.Elapsed(), time.Minute)
		b.Serve(c)
		b.Drain()
		expect(b, "used", seen.Events(), []int{1, 2, 3})
	})
}

// A handler that does not heed its context keeps its own event from others, and
// nothing else.
func TestAKilledConsumerThatIsStuckKeepsNothingButWhatIsInHand(t *testing.T) {
	for name, how := range map[string]stage.SubOption{"lazy": stage.Lazy(1, ms), "prefetch": stage.Demand(10, 5)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				q := queueOf(b, stage.QueueConfig{})
				stuck := one(b, "stuck", seen.Handle("stuck", stagetest.Deaf[int](time.Hour)))
				stagetest.Subscribe(b, stuck, q, how)
				killed := b.Serve(stuck)
				stagetest.Push(b, q, 1, 2, 3)
				b.Rest()
				killed.Cancel(errKilled)
				b.Rest()
				expect(b, "buffer, inbox, hand", where(b), []int{2, 0, 1})
				other := one(b, "other", seen.Handle("other", nil))
				stagetest.Subscribe(b, other, q, how)
				b.Serve(other)
				stagetest.Push(b, q, 4, 5)
				b.Rest()
				expect(b, "handled by the other", seen.By()["other"], 4)
				expectErr(b, "serve", killed.Wait(), errKilled)
				expectOnce(b, "used", seen.Events(), stagetest.Ints(1, 5))
			})
		})
	}
}

// Leave finishes what is in hand, exactly once, and then the stage is gone.
func TestALeavingConsumerFinishesExactlyOnce(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Work[int](time.Minute)), stage.ConsumerConfig[int]{Workers: 3})
		sub := stagetest.Subscribe(b, c, q, stage.Demand(10, 5))
		serve := b.Serve(c)
		stagetest.Push(b, q, stagetest.Ints(1, 10)...)
		b.Rest()
		c.Leave()
		b.Rest()
		expect(b, "buffer, inbox, hand", where(b), []int{7, 0, 3})
		expect(b, "state", b.Stage("c").State, stage.StateLeaving)
		expect(b, "it is shown until then", b.Subscription("c", "jobs").Leaving, true)
		_, err := c.Subscribe(q)
		expectErr(b, "who leaves takes no more", err, stage.ErrEnded)
		expectErr(b, "serve", serve.Wait(), nil)
		<-sub.Done()
		expect(b, "finished", len(seen.Done()), 3)
		expect(b, "subscriptions", len(b.Outlet("jobs").Subscriptions), 0)
		expectErr(b, "another Serve", b.Serve(c).Wait(), stage.ErrEnded)

		again := one(b, "c", seen.Handle("c", nil)) // the name is free
		stagetest.Subscribe(b, again, q)
		b.Serve(again)
		b.Drain()
		expectOnce(b, "used", seen.Events(), stagetest.Ints(1, 10))
	})
}

func TestDeadLettersComeOutWithTheirError(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var letters stagetest.Record[stage.Failure[int]]
		q := queueOf(b, stage.QueueConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", stagetest.When(stagetest.Is(2), stagetest.Fail[int](-1, stagetest.ErrPlanned), nil),
			stage.ConsumerConfig[int]{OnError: func(f stage.Failure[int]) stage.Verdict {
				if f.Attempt < 3 {
					return stage.RetryAfter(time.Second)
				}
				return stage.Verdict{Action: stage.DeadLetter}
			}})
		stagetest.Subscribe(b, c, q)
		dead := stage.NewConsumer(b.Pipeline, "dead", letters.Handle("dead", nil), stage.ConsumerConfig[stage.Failure[int]]{})
		stagetest.Subscribe(b, dead, c.DeadLetters())
		run := b.Start()
		stagetest.Push(b, q, 1, 2, 3)
		q.Close()
		expectErr(b, "run", run.Wait(), nil)
		expect(b, "letters", len(letters.Done()), 1)
		f := letters.Done()[0]
		expect(b, "event, attempt", []int{f.Event, f.Attempt}, []int{2, 3})
		expectErr(b, "its error", f.Err, stagetest.ErrPlanned)
		o := b.Outlet("jobs")
		expect(b, "done, failed", []uint64{o.Done, o.Failed}, []uint64{2, 1})
	})
}

// A slice handler may say which of its events failed; the others are done.
func TestASliceErrorFailsSomeOfASlice(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		odd := func(ev int) bool { return ev%2 == 1 }
		c := stage.NewSliceConsumer(b.Pipeline, "c",
			seen.HandleSlice("c", stagetest.Each(stagetest.When(odd, stagetest.Fail[int](1, stagetest.ErrPlanned), nil))),
			stage.ConsumerConfig[int]{OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(time.Second) }})
		stagetest.Subscribe(b, c, q, stage.Demand(10, 0))
		pushAll(b, q, stagetest.Ints(1, 10))
		b.Start()
		o := b.Outlet("jobs")
		expect(b, "done, retried, delayed", []int{int(o.Done), int(o.Retried), o.Delayed}, []int{5, 5, 5})
		b.Advance(time.Second)
		expect(b, "used again", seen.Events()[10:], []int{1, 3, 5, 7, 9})
		expect(b, "done", b.Outlet("jobs").Done, 10)
	})
}

// A failure that is not the event's own spends no attempt, but is a try.
func TestAnUnspentRetryKeepsTheAttempt(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		busy := errors.New("resource is full")
		var attempts, tries []int
		c := stage.NewConsumer(b.Pipeline, "c", stagetest.Fail[int](5, busy), stage.ConsumerConfig[int]{
			OnError: func(f stage.Failure[int]) stage.Verdict {
				attempts, tries = append(attempts, f.Attempt), append(tries, f.Tries)
				return stage.Verdict{Action: stage.Retry, After: time.Second, Unspent: f.Tries <= 3}
			},
		})
		stagetest.Subscribe(b, c, q)
		b.Start()
		stagetest.Push(b, q, 1)
		b.Advance(time.Minute)
		expect(b, "attempts", attempts, []int{1, 1, 1, 1, 2})
		expect(b, "tries", tries, []int{1, 2, 3, 4, 5})
		expect(b, "done", b.Outlet("jobs").Done, 1)
	})
}
