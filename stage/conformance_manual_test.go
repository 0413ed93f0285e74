package stage_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func ask(b *stagetest.Bubble, sub *stage.Subscription, n int) {
	b.Helper()
	expectErr(b, "ask", sub.Ask(n), nil)
	b.Rest()
}

func Test10_ManualGetsOnlyAsked(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		var seen stagetest.Record[int]
		c := one(b, "c", seen.Handle("c", nil))
		sub := stagetest.Subscribe(b, c, jobs, stage.Manual())
		stagetest.Push(b, jobs, stagetest.Ints(1, 10)...)
		b.Start()
		expect(b, "before", seen.Done(), nil)
		ask(b, sub, 3)
		expect(b, "asked for 3", seen.Done(), stagetest.Ints(1, 3))
		expect(b, "queued", jobs.Len(), 7)
		ask(b, sub, 0)
		expect(b, "asked for none", seen.Done(), stagetest.Ints(1, 3))
		expectSetting(b, sub.Ask(-1))
		expectSetting(b, sub.Ask(stage.MaxDemand+1))
		ask(b, sub, 9)
		expect(b, "asked for two too many", sub.Pending(), 2)
		stagetest.Push(b, jobs, 11, 12, 13)
		b.Rest()
		expect(b, "they come later", seen.Done(), stagetest.Ints(1, 12))
		expect(b, "snapshot", b.Subscription("c", "jobs").Manual, true)

		auto := stagetest.Subscribe(b, one(b, "auto", ok), jobs)
		expectErr(b, "automatic", auto.Ask(1), stage.ErrAutomatic)
		sub.Cancel(nil)
		expectErr(b, "over", sub.Ask(1), stage.ErrEnded)
		_, err := one(b, "bad", ok).Subscribe(jobs, stage.Manual(), nil)
		expectSetting(b, err)
	})
}

// Asking for more than may be pending is refused, be it more than numbers can add up.
func TestNobodyAsksForMoreThanThereAreNumbers(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		sub := stagetest.Subscribe(b, one(b, "c", ok), queueOf(b, stage.QueueConfig{}), stage.Manual())
		ask(b, sub, 1)
		expectSetting(b, sub.Ask(math.MaxInt))
		expect(b, "pending", sub.Pending(), 1)
	})
}

func TestWhatWasAskedForByHandIsKeptWhileTheStageDoesNotServe(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		gate := new(stagetest.Gate[int])
		c := one(b, "c", gate.Handle)
		sub := stagetest.Subscribe(b, c, jobs, stage.Manual())
		ask(b, sub, 4) // before it serves
		expect(b, "pending", sub.Pending(), 4)
		stagetest.Push(b, jobs, 1, 2)
		first := b.Serve(c)
		expect(b, "inbox", b.Outlet("jobs").Inboxes, 1)
		first.Stop(errKilled) // 1 in hand and 1 in the inbox return, 2 more were asked for
		expect(b, "pending", sub.Pending(), 4)
		expect(b, "back", jobs.Len(), 2)
		gate.Open()
		stagetest.Push(b, jobs, 3, 4, 5)
		b.Serve(c)
		expect(b, "done", b.Outlet("jobs").Done, 4)
		expect(b, "left", jobs.Len(), 1)
		ask(b, sub, 1)
		expect(b, "done", b.Outlet("jobs").Done, 5)
	})
}

func TestASliceHandlerIsGivenAllThatWasAskedForByHand(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		var seen stagetest.Record[int]
		sub := stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", nil)), jobs, stage.Manual())
		n, err := jobs.PushAll(b.Context(), stagetest.Ints(1, 100))
		expectErr(b, "push", err, nil)
		expect(b, "pushed", n, 100)
		b.Start()
		ask(b, sub, 30)
		ask(b, sub, 20)
		expect(b, "slices", seen.Lens(), []int{30, 20})
		must(b.T, sub.Set(stage.Demand(10, 5)))
		b.Rest()
		expect(b, "by itself now", jobs.Len(), 0)
		expectErr(b, "ask", sub.Ask(1), stage.ErrAutomatic)
		must(b.T, sub.Set(stage.Manual()))
		stagetest.Push(b, jobs, 1)
		b.Rest()
		expect(b, "what it would have asked for is withdrawn", jobs.Len(), 1)
	})
}

func Test50_RateLimit(t *testing.T) {
	for name, opts := range map[string][]stage.SubOption{
		"lazy": {stage.Rate(10, 5)}, "demand": {stage.Demand(100, 50), stage.Rate(10, 5)},
	} {
		for _, workers := range []int{1, 4} {
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(b *stagetest.Bubble) {
					jobs := queueOf(b, stage.QueueConfig{})
					var seen stagetest.Record[int]
					c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", nil), stage.ConsumerConfig[int]{Workers: workers})
					sub := stagetest.Subscribe(b, c, jobs, opts...)
					stagetest.Push(b, jobs, stagetest.Ints(1, 100)...)
					b.Start()
					var want []time.Duration
					for n := range 25 {
						want = append(want, time.Duration(max(0, n-4))*100*ms)
					}
					b.At(2050 * ms)
					expect(b, "starts", rounded(seen.Starts()), want)
					expect(b, "workers that wait for it", b.Subscription("c", "jobs").Held, workers)
					must(b.T, sub.Set(stage.Rate(1000, 1)))
					b.Advance(10 * ms)
					if n := len(seen.Done()); n < 34 || n > 36 {
						b.Errorf("%d after 10 ms at 1,000 a second, want 35", n)
					}
					must(b.T, sub.Set(stage.Rate(0, 0)))
					b.Rest()
					expect(b, "no bound", len(seen.Done()), 100)
				})
			})
		}
	}
}

// rounded takes off the nanosecond by which a timer is late.
func rounded(times []time.Duration) []time.Duration {
	for i := range times {
		times[i] = times[i].Round(10 * time.Microsecond)
	}
	return times
}

func TestARateOfOneStageHoldsNoOtherUp(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "slow", seen.Handle("slow", nil)), jobs, stage.Rate(1, 1))
		stagetest.Subscribe(b, one(b, "fast", seen.Handle("fast", stagetest.Work[int](10*ms))), jobs)
		stagetest.Push(b, jobs, stagetest.Ints(1, 200)...)
		jobs.Close()
		run := b.Start()
		b.Advance(3 * time.Second)
		expect(b, "by whom", seen.By(), map[string]int{"slow": 2, "fast": 198})
		expectErr(b, "run", run.Wait(), nil)
	})
}

func TestARateHoldsInADrainAndIsNoStallOfIt(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		s := stage.NewSpawner(b.Pipeline, "s", ok, stage.SpawnerConfig[int]{Max: 50})
		stagetest.Subscribe(b, s, jobs, stage.Rate(2, 1))
		stagetest.Push(b, jobs, stagetest.Ints(1, 11)...)
		b.Start()
		b.Drain()
		expect(b, "took", stagetest.Elapsed().Round(ms), 5*time.Second)
		expect(b, "done", b.Outlet("jobs").Done, 11)
	})
}

func TestABoundedWorkerThatFindsWorkElsewhereLosesNoTurn(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs, tasks := queueOf(b, stage.QueueConfig{}), queueOf2(b)
		var seen stagetest.Record[int]
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Work[int](350*ms)), stage.ConsumerConfig[int]{Workers: 3})
		stagetest.Subscribe(b, c, jobs, stage.Rate(1, 1))
		stagetest.Subscribe(b, c, tasks)
		stagetest.Push(b, jobs, stagetest.Ints(1, 20)...)
		b.Start()
		for range 19 {
			stagetest.Push(b, tasks, stagetest.Ints(100, 102)...)
			b.Advance(time.Second)
		}
		if left := b.Outlet("jobs").Buffer; left > 2 { // a token that comes while all are busy waits for one
			b.Errorf("%d are left, want next to none", left)
		}
	})
}

func TestRatesThatThereAreNotAreRefused(t *testing.T) {
	p := stage.New("p", stage.Config{})
	jobs := stage.NewQueue[int](p, "jobs", stage.QueueConfig{})
	c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
	zero := 0.0
	for _, opt := range []stage.SubOption{stage.Rate(-1, 1), stage.Rate(zero/zero, 1), stage.Rate(2e9, 1), stage.Rate(1, -1), stage.Rate(1, stage.MaxDemand+1)} {
		_, err := c.Subscribe(jobs, opt)
		expectSetting(t, err)
	}
	expect(t, "subscriptions", len(p.Snapshot().Outlet("jobs").Subscriptions), 0)
}

func TestSlowHandlersBeginAtTheirRateAllTheSame(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		var seen stagetest.Record[int]
		c := stage.NewConsumer(b.Pipeline, "c", seen.Handle("c", stagetest.Work[int](time.Second)), stage.ConsumerConfig[int]{Workers: 20})
		stagetest.Subscribe(b, c, jobs, stage.Rate(10, 1))
		stagetest.Push(b, jobs, stagetest.Ints(1, 30)...)
		b.Start()
		b.At(2950 * ms)
		var want []time.Duration
		for n := range 30 {
			want = append(want, time.Duration(n)*100*ms)
		}
		expect(b, "starts", rounded(seen.Starts()), want)
	})
}

// What its policy stopped the stage for is still asked for; and of a subscription that
// is over nothing is.
func TestWhatIsPendingByHand(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", func(context.Context, int) error { return errAlways }, stage.ConsumerConfig[int]{OnError: always(stage.Stop)})
		sub := stagetest.Subscribe(b, c, jobs, stage.Manual())
		ask(b, sub, 1)
		stagetest.Push(b, jobs, 1)
		expectErr(b, "serve", b.Serve(c).Wait(), errAlways)
		expect(b, "pending", sub.Pending(), 1)
		sub.Cancel(nil)
		expect(b, "pending after its end", sub.Pending(), 0)
	})
}
