package stage_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// airing is a broadcast of a queue, and what its subscribers saw.
type airing struct {
	jobs *stage.Queue[int]
	all  *stage.Broadcast[int]
	saw  map[string]*stagetest.Record[int]
}

func newAiring(b *stagetest.Bubble) *airing {
	a := &airing{
		jobs: queueOf(b, stage.QueueConfig{Buffer: 1_000_000}), saw: map[string]*stagetest.Record[int]{},
		all: stage.NewBroadcast[int](b.Pipeline, "all", stage.BroadcastConfig{}),
	}
	stagetest.Subscribe(b, a.all, a.jobs)
	return a
}

// to adds a subscriber of single events with one worker.
func (a *airing) to(b *stagetest.Bubble, name string, h stagetest.Handler[int], opts ...stage.SubOption) *stage.Subscription {
	b.Helper()
	a.saw[name] = new(stagetest.Record[int])
	c := stage.NewConsumer(b.Pipeline, name, a.saw[name].Handle(name, h), stage.ConsumerConfig[int]{OnEnd: stage.Temporary})
	return stagetest.Subscribe(b, c, a.all, opts...)
}

func (a *airing) push(b *stagetest.Bubble, from, to int) {
	b.Helper()
	n, err := a.jobs.PushAll(b.Context(), stagetest.Ints(from, to))
	expectErr(b, "push", err, nil)
	expect(b, "pushed", n, to-from+1)
}

func (a *airing) expect(b *stagetest.Bubble, name string, want []int) {
	b.Helper()
	expect(b, name, a.saw[name].Done(), want)
}

func Test28_BroadcastMinimum(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		all := stage.NewBroadcast[int](b.Pipeline, "all", stage.BroadcastConfig{})
		source := stagetest.Count(stagetest.Give(100), stagetest.EOF())
		rows := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](source), stage.ProducerConfig{})
		stagetest.Subscribe(b, all, rows, stage.Demand(1, 0))
		a := &airing{all: all, saw: map[string]*stagetest.Record[int]{}}
		ten, four := new(stagetest.Gate[int]), new(stagetest.Gate[int])
		a.to(b, "ten", ten.Handle, stage.Demand(10, 5))
		a.to(b, "four", four.Handle, stage.Demand(4, 2))
		run := b.Start()
		b.Advance(time.Second)
		expect(b, "given", b.Outlet("all/ten").Accepted, 4)
		expect(b, "given", b.Outlet("all/four").Accepted, 4)
		expect(b, "taken from the source", source.Given(), 5) // one waits for the next turn
		ten.Open()
		b.Advance(time.Second)
		expect(b, "the smaller still bounds it", b.Outlet("all/ten").Accepted, 4)
		four.Open()
		b.Advance(time.Second)
		a.expect(b, "ten", stagetest.Ints(1, 100))
		a.expect(b, "four", stagetest.Ints(1, 100))
		expectErr(b, "run", run.Stop(nil), nil)
	})
}

func Test29_BroadcastSilentThenGone(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.to(b, "eager", nil)
		silent := a.to(b, "silent", nil, stage.Manual())
		a.push(b, 1, 5)
		b.Start()
		b.Advance(time.Minute)
		a.expect(b, "eager", nil)
		ask(b, silent, 2)
		a.expect(b, "eager", []int{1, 2})
		a.expect(b, "silent", []int{1, 2})
		silent.Cancel(nil)
		b.Rest()
		a.expect(b, "eager", stagetest.Ints(1, 5))
		a.push(b, 6, 9)
		b.Rest()
		a.expect(b, "eager", stagetest.Ints(1, 9))
		for _, o := range b.Pipeline.Snapshot().Outlets {
			if o.Name == "all/silent" {
				b.Error("its outlet is still there")
			}
		}
	})
}

func TestABroadcastDoesNotWaitForASubscriberThatLeavesWithAnEventInHand(t *testing.T) {
	var dropped int
	hook := func(n stage.Notice) {
		if d, is := n.(stage.EventsDropped); is {
			dropped += d.N
		}
	}
	stagetest.Run(t, stage.Config{Hook: hook}, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.to(b, "eager", nil)
		slow := a.to(b, "slow", stagetest.Work[int](time.Hour), stage.Demand(3, 1))
		a.push(b, 1, 50)
		b.Start()
		a.expect(b, "eager", stagetest.Ints(1, 3))
		slow.Cancel(nil)
		b.Rest()
		a.expect(b, "eager", stagetest.Ints(1, 50))
		b.Advance(time.Hour)
		a.expect(b, "slow", []int{1})
		expect(b, "told as dropped", dropped, 2)
	})
}

func Test30_BroadcastWhereRejectsAll(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.to(b, "everything", nil)
		a.to(b, "nothing", nil, stage.Demand(10, 5), stage.Where(func(int) bool { return false }))
		a.to(b, "even", nil, stage.Where(func(n int) bool { return n%2 == 0 }))
		a.push(b, 1, 100_000)
		b.Start()
		b.Advance(time.Second)
		a.expect(b, "everything", stagetest.Ints(1, 100_000))
		a.expect(b, "nothing", nil)
		expect(b, "its credit", b.Subscription("nothing", "all/nothing").Credit, 10)
		var even []int
		for n := 2; n <= 100_000; n += 2 {
			even = append(even, n)
		}
		a.expect(b, "even", even)
	})
}

func Test31_BroadcastLag(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.to(b, "fast", nil)
		gate := new(stagetest.Gate[int])
		a.to(b, "slow", gate.Handle, stage.Lag(5, stage.LagDrop))
		strict := a.to(b, "strict", stagetest.Work[int](time.Hour), stage.Lag(5, stage.LagCancel))
		b.Start()
		for n := 1; n <= 20; n++ {
			stagetest.Push(b, a.jobs, n)
			b.Rest()
		}
		a.expect(b, "fast", stagetest.Ints(1, 20))
		expect(b, "waits", b.Outlet("all/slow").Buffer, 5)
		expect(b, "dropped", b.Outlet("all/slow").Dropped, 14)
		gate.Open()
		b.Rest()
		a.expect(b, "slow", []int{1, 16, 17, 18, 19, 20})
		b.Advance(time.Hour)
		expectErr(b, "strict", strict.Err(), stage.ErrLagged)
	})
}

func TestAConsumerWhoseSubscriptionLaggedFailsByIt(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		c := one(b, "strict", stagetest.Work[int](time.Second))
		stagetest.Subscribe(b, c, a.all, stage.Lag(5, stage.LagCancel))
		task := b.Serve(c)
		b.Serve(a.all)
		a.push(b, 1, 20)
		expectErr(b, "strict", task.Wait(), stage.ErrLagged)
	})
}

func Test32_BroadcastTwiceSame(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		sub := a.to(b, "c", nil)
		c := a.saw["c"]
		again := stage.NewConsumer(b.Pipeline, "d", c.Handle("d", nil), stage.ConsumerConfig[int]{})
		stagetest.Subscribe(b, again, a.all)
		for range 3 {
			_, err := again.Subscribe(a.all)
			expectSetting(b, err)
		}
		b.Start()
		a.push(b, 1, 3)
		b.Rest()
		expect(b, "by whom", c.By(), map[string]int{"c": 3, "d": 3})
		sub.Cancel(nil)
		b.Rest()
	})
}

func TestWhatCannotBeSubscribedToABroadcastIsRefused(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		c := one(b, "c", ok)
		for _, opt := range []stage.SubOption{
			stage.Where(func(string) bool { return true }), stage.Where[int](nil), stage.Lag(0, stage.LagDrop), stage.Lag(1, 7),
		} {
			_, err := c.Subscribe(a.all, opt)
			expectSetting(b, err)
		}
		for _, opt := range []stage.SubOption{stage.Where(func(int) bool { return true }), stage.Lag(5, stage.LagDrop)} {
			_, err := c.Subscribe(a.jobs, opt)
			expectSetting(b, err)
		}
		_, err := a.all.Subscribe(a.all)
		expectErr(b, "a circle", err, stage.ErrCycle)
		expect(b, "outlets", len(b.Pipeline.Snapshot().Outlets), 1)
		sub := stagetest.Subscribe(b, c, a.all)
		expectSetting(b, sub.Set(stage.Lag(1, stage.LagDrop)))
	})
}

// A subscription that is refused because its stage is of another pipeline leaves no
// branch behind.
func TestABroadcastDoesNotWaitForASubscriptionThatItRefused(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.to(b, "c", nil)
		alien := stage.NewConsumer(stage.New("other", stage.Config{}), "alien", ok, stage.ConsumerConfig[int]{})
		_, err := alien.Subscribe(a.all)
		expectSetting(b, err)
		a.push(b, 1, 3)
		b.Start()
		a.expect(b, "c", []int{1, 2, 3})
	})
}

// A subscriber that fails ends neither the broadcast nor what the others take.
func TestABroadcastDoesNotWaitForASubscriberThatFailed(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.to(b, "works", stagetest.Work[int](time.Second))
		fails := stage.NewConsumer(b.Pipeline, "fails", stagetest.Fail[int](-1, errAlways), stage.ConsumerConfig[int]{OnError: always(stage.Stop)})
		stagetest.Subscribe(b, fails, a.all)
		a.push(b, 1, 10)
		expectErr(b, "run", b.Start().Wait(), errAlways)
		expect(b, "ended at", stagetest.Elapsed(), 10*time.Second)
		a.expect(b, "works", stagetest.Ints(1, 10))
	})
}

// The first of them ends in order, and then its subscribers do.
func TestABroadcastEndsAfterWhatItTakesFrom(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		var mu sync.Mutex
		tries := map[int]int{}
		flaky := func(_ context.Context, n int) error {
			mu.Lock()
			defer mu.Unlock()
			if tries[n]++; n%10 == 0 && tries[n] == 1 {
				return errAlways
			}
			return nil
		}
		var seen stagetest.Record[int]
		for i := range 4 {
			name := fmt.Sprint("c", i)
			h := seen.Handle(name, stagetest.Work[int](time.Duration(i)*ms))
			if i == 2 {
				h = seen.Handle(name, flaky)
			}
			c := stage.NewConsumer(b.Pipeline, name, h, stage.ConsumerConfig[int]{
				Workers: 1 + i, OnError: func(stage.Failure[int]) stage.Verdict { return stage.RetryAfter(5 * ms) },
			})
			stagetest.Subscribe(b, c, a.all)
		}
		a.push(b, 1, 200)
		a.jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		for i := range 4 {
			expect(b, "done", b.Outlet(fmt.Sprint("all/c", i)).Done, 200)
		}
		expect(b, "calls", len(seen.Calls()), 820)
	})
}

func TestSliceHandlersOfABroadcastSeeTheSameEvents(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		var one, two stagetest.Record[int]
		stagetest.Subscribe(b, sliced(b, "one", one.HandleSlice("one", nil)), a.all)
		stagetest.Subscribe(b, sliced(b, "two", two.HandleSlice("two", nil)), a.all, stage.Demand(100, 50))
		a.push(b, 1, 10_000)
		a.jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "one", one.Done(), stagetest.Ints(1, 10_000))
		expect(b, "two", two.Done(), stagetest.Ints(1, 10_000))
	})
}

func TestAFilterThatPanicsEndsItsSubscriptionAlone(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.to(b, "other", nil)
		sub := a.to(b, "bad", nil, stage.Where(func(n int) bool {
			if n == 3 {
				panic("no")
			}
			return true
		}))
		b.Start()
		a.push(b, 1, 10)
		b.Rest()
		a.expect(b, "other", stagetest.Ints(1, 10))
		var panicked *stage.PanicError
		expectAs(b, "its end", sub.Err(), &panicked)
	})
}

func TestWhoJoinsABroadcastLaterSeesWhatComesFromThenOn(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.push(b, 1, 3)
		b.Start()
		b.Rest()
		expect(b, "without subscribers nothing is taken", a.jobs.Len(), 3)
		a.to(b, "first", nil)
		b.Rest()
		a.to(b, "second", nil)
		a.push(b, 4, 6)
		b.Rest()
		a.expect(b, "first", stagetest.Ints(1, 6))
		a.expect(b, "second", stagetest.Ints(4, 6))
		a.all.Leave()
		b.Rest()
		again := stage.NewBroadcast[int](b.Pipeline, "all", stage.BroadcastConfig{}) // its name is free
		stagetest.Subscribe(b, again, a.jobs)
	})
}

// What Where keeps from a subscriber that is slow is not in memory on its account.
func TestFewEventsThatAreKeptDoNotKeepTheOthers(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := stage.NewQueue[*[100]int](b.Pipeline, "jobs", stage.QueueConfig{})
		all := stage.NewBroadcast[*[100]int](b.Pipeline, "all", stage.BroadcastConfig{})
		stagetest.Subscribe(b, all, jobs)
		taker := func(name string, h stagetest.Handler[*[100]int], opts ...stage.SubOption) {
			c := stage.NewConsumer(b.Pipeline, name, h, stage.ConsumerConfig[*[100]int]{})
			stagetest.Subscribe(b, c, all, opts...)
		}
		gate := new(stagetest.Gate[*[100]int])
		taker("quick", func(context.Context, *[100]int) error { return nil }, stage.Demand(100, 50))
		taker("slow", gate.Handle, stage.Demand(100, 50), stage.Where(func(ev *[100]int) bool { return ev[0] == 7 }))
		evs, seen := make([]*[100]int, 64), make([]weak.Pointer[[100]int], 64)
		for i := range evs {
			evs[i] = &[100]int{i}
			seen[i] = weak.Make(evs[i])
		}
		n, err := jobs.PushAll(b.Context(), evs)
		expectErr(b, "push", err, nil)
		expect(b, "pushed", n, len(evs))
		b.Start()
		b.Rest()
		clear(evs)
		for range 3 { // what is reachable by a stack alone is found so later
			runtime.GC()
		}
		left := 0
		for _, p := range seen {
			if p.Value() != nil {
				left++
			}
		}
		expect(b, "in memory", left, 1)
		gate.Open()
		jobs.Close()
	})
}

// Who joins a broadcast that has ended ends at once, and its outlet is not kept.
func TestABroadcastThatHasEndedKeepsNoBranch(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		a.jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		for range 3 {
			got, err := streamed(b.Context(), a.all, -1)
			expectErr(b, "loop", err, nil)
			expect(b, "yielded", got, nil)
		}
		expect(b, "outlets, that of the queue alone", len(b.Pipeline.Snapshot().Outlets), 1)
	})
}

// Who is about to leave wants nothing: a broadcast takes nothing for it.
func TestABroadcastTakesNothingForWhoLeaves(t *testing.T) {
	for name, opts := range map[string][]stage.SubOption{"cancelled": nil, "lagged": {stage.Lag(2, stage.LagCancel)}} {
		inBubble(t, func(b *stagetest.Bubble) {
			a := newAiring(b)
			gate := new(stagetest.Gate[int])
			sub := a.to(b, "c", gate.Handle, opts...)
			b.Start()
			for n := range 100 {
				stagetest.Push(b, a.jobs, n)
				b.Rest()
			}
			before := b.Outlet("jobs").Buffer
			sub.Cancel(nil)
			b.Rest()
			expect(b, name+": waiting", b.Outlet("jobs").Buffer, before)
			if before < 95 { // one in hand, one or two before it, and the one too many
				b.Errorf("%s: %d wait of 100", name, before)
			}
			gate.Open()
			next := new(stagetest.Record[int])
			stagetest.Subscribe(b, one(b, "next", next.Handle("next", nil)), a.all)
			b.Rest()
			expect(b, name+": for the next", len(next.Done()), before)
		})
	}
}

// Foreign code that ends a broadcast leaves nothing in its hand.
func TestWhereThatEndsABroadcastGivesItsSliceBack(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		bad := true
		var seen stagetest.Record[int]
		c := one(b, "c", seen.Handle("c", nil))
		stagetest.Subscribe(b, c, a.all, stage.Where(func(int) bool {
			if bad {
				bad = false
				runtime.Goexit()
			}
			return true
		}))
		b.Serve(c)
		a.push(b, 1, 3)
		gone := make(chan struct{})
		go func() { defer close(gone); _ = a.all.Serve(b.Context()) }()
		<-gone
		expect(b, "in hand", b.Outlet("jobs").Hands, 0)
		expect(b, "waiting", b.Outlet("jobs").Buffer, 3)
		b.Serve(a.all)
		b.Rest()
		expect(b, "handled", seen.Done(), []int{1, 2, 3})
	})
}
