package stage_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// rows makes a producer with the name "rows".
func rows(b *stagetest.Bubble, source stage.Source[int]) *stage.Producer[int] {
	return stage.NewProducer(b.Pipeline, "rows", source, stage.ProducerConfig{})
}

func Test01_DemandInitialAsk(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		source := stagetest.Count(stagetest.Block())
		p := rows(b, source)
		stagetest.Subscribe(b, sliced(b, "c", stagetest.Each(stagetest.Work[int](ms))), p, stage.Demand(10, 5))
		b.Start()
		expect(b, "asks", source.Asks(), []stagetest.Ask{{At: 0, Len: 10}})
		expect(b, "accepted", b.Outlet("rows").Accepted, 0)
	})
}

func Test02_DemandRenewAtMin(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		source := stagetest.Count(stagetest.Give(100))
		p := rows(b, source)
		stagetest.Subscribe(b, one(b, "c", gate.Handle), p, stage.Demand(10, 8))
		b.Start()
		expect(b, "asks before anything has finished", source.Demands(), []int{10})
		gate.Release(1)
		b.Rest()
		expect(b, "asks after 1 finished", source.Demands(), []int{10})
		gate.Release(1)
		b.Rest()
		expect(b, "asks after 2 finished", source.Demands(), []int{10, 2})
		gate.Release(1)
		b.Rest()
		expect(b, "asks after 3 finished", source.Demands(), []int{10, 2})
		gate.Open()
	})
	t.Run("slices", func(t *testing.T) {
		inBubble(t, func(b *stagetest.Bubble) {
			var gate stagetest.Gate[int]
			source := stagetest.Count(stagetest.Give(100))
			p := rows(b, source)
			stagetest.Subscribe(b, sliced(b, "c", gate.HandleSlice), p, stage.Demand(10, 8))
			b.Start()
			expect(b, "slice of max - min", gate.Holds(), []int{1, 2})
			gate.Release(1)
			b.Rest()
			expect(b, "asks after a slice of 2", source.Demands(), []int{10, 2})
			gate.Open()
		})
	})
}

func Test03_DemandSplitSlices(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		source := stagetest.Count(stagetest.Give(900), stagetest.Wait(time.Second), stagetest.Give(1000), stagetest.Block())
		p := rows(b, source)
		sub := stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", stagetest.Each(stagetest.Work[int](ms)))), p,
			stage.Demand(1000, 500))
		b.Start()
		expect(b, "demand that 900 left", sub.Pending(), 100)
		b.At(499 * ms)
		expect(b, "demand before the first slice has ended", sub.Pending(), 100)
		expect(b, "slices", seen.Lens(), []int{500})
		b.At(500 * ms)
		expect(b, "demand after the ask of 500", sub.Pending(), 600)
		expect(b, "slices", seen.Lens(), []int{500, 400})
		b.At(1000 * ms) // the source had been asked for the 100 that were left, and gives them now
		expect(b, "asks", source.Demands(), []int{1000, 100, 500})
	})
}

func Test04_DemandThreeQuarters(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		hundred := []stagetest.Step{stagetest.Wait(time.Second), stagetest.Give(100)}
		source := stagetest.Count(append(append(append(hundred, hundred...), hundred...), stagetest.Block())...)
		p := rows(b, source)
		sub := stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", stagetest.Each(stagetest.Work[int](ms)))), p,
			stage.Demand(1000, 750))
		b.Start()
		b.At(3049 * ms)
		expect(b, "slices", seen.Lens(), []int{100, 100, 50})
		expect(b, "demand during the first 50 of the third hundred", sub.Pending(), 700)
		b.At(3050 * ms)
		expect(b, "demand after the ask of 250", sub.Pending(), 950)
		b.At(4 * time.Second)
		expect(b, "slices", seen.Lens(), []int{100, 100, 50, 50})
		expect(b, "demand at the end", sub.Pending(), 950)
	})
}

func Test05_DemandOne(t *testing.T) {
	single := func(b *stagetest.Bubble, seen *stagetest.Record[int]) *stage.Consumer[int] {
		return one(b, "c", seen.Handle("c", stagetest.Work[int](100*ms)))
	}
	slices := func(b *stagetest.Bubble, seen *stagetest.Record[int]) *stage.Consumer[int] {
		return sliced(b, "c", seen.HandleSlice("c", stagetest.Each(stagetest.Work[int](100*ms))))
	}
	for name, make := range map[string]func(*stagetest.Bubble, *stagetest.Record[int]) *stage.Consumer[int]{
		"single": single, "slices": slices,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				var seen stagetest.Record[int]
				source := stagetest.Count(stagetest.Give(20))
				p := rows(b, source)
				stagetest.Subscribe(b, make(b, &seen), p, stage.Demand(1, 0))
				run := b.Start()
				for range 20 {
					s := b.Subscription("c", "rows")
					expect(b, "unfinished", s.Credit+s.Inbox+s.Hands, 1)
					b.Advance(100 * ms)
				}
				expectErr(b, "run", run.Wait(), nil)
				expect(b, "time for 20 events", stagetest.Elapsed(), 2*time.Second)
				for i, start := range seen.Starts() {
					expect(b, "start", start, time.Duration(i)*100*ms)
				}
				for i, ask := range source.Asks() {
					expect(b, "ask", ask, stagetest.Ask{At: time.Duration(i) * 100 * ms, Len: 1})
				}
				expect(b, "handlers at once", seen.Most(), 1)
			})
		})
	}
}

func Test06_DemandInvalid(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", seen.Handle("c", nil))
		for _, bad := range []stage.SubOption{
			stage.Demand(0, 0), stage.Demand(-1, -2), stage.Demand(10, -1), stage.Demand(10, 10), stage.Demand(10, 11),
			stage.Demand(stage.MaxDemand+1, 0), stage.Lazy(-1, ms), stage.Lazy(10, -1), stage.Lazy(1025, ms),
		} {
			sub, err := c.Subscribe(q, bad)
			expectSetting(b, err)
			expect(b, "subscription", sub, nil)
		}
		expect(b, "subscriptions", len(b.Outlet("jobs").Subscriptions), 0)
		sub := stagetest.Subscribe(b, c, q, stage.Demand(1, 0))
		expectSetting(b, sub.Set(stage.Demand(10, 10)))
		stagetest.Push(b, q, 1, 2, 3)
		b.Start()
		expect(b, "demand that was left as it was", b.Subscription("c", "jobs").Max, 1)
		expect(b, "events", seen.Events(), []int{1, 2, 3})
		b.Drain()
	})
}

func Test07_PartialFetchKeepsDemand(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		source := stagetest.Count(stagetest.Give(3), stagetest.Wait(time.Second), stagetest.Give(100))
		p := rows(b, source)
		stagetest.Subscribe(b, one(b, "c", gate.Handle), p, stage.Demand(10, 5))
		b.Start()
		expect(b, "asks", source.Asks(), []stagetest.Ask{{At: 0, Len: 10}, {At: 0, Len: 7}})
		b.Advance(time.Second)
		expect(b, "asks", source.Demands(), []int{10, 7})
		s := b.Subscription("c", "rows")
		expect(b, "delivered", s.Inbox+s.Hands, 10)
		gate.Open()
	})
}

func Test08_FetchMoreThanAsked(t *testing.T) {
	for _, claim := range []int{11, -1, 1 << 40} {
		inBubble(t, func(b *stagetest.Bubble) {
			p := rows(b, stagetest.Count(stagetest.Claim(claim)))
			c := one(b, "c", stagetest.Work[int](0))
			stagetest.Subscribe(b, c, p, stage.Demand(10, 5))
			b.Serve(c)
			err := b.Serve(p).Wait()
			var fetch *stage.FetchError
			expectAs(b, "serve", err, &fetch)
			expect(b, "fault", *fetch, stage.FetchError{Asked: 10, Got: claim})
			var failed *stage.StageError
			expectAs(b, "serve", err, &failed)
			expect(b, "stage", failed.Stage, "rows")
			expect(b, "accepted", b.Outlet("rows").Accepted, 0)
			expect(b, "state", b.Stage("rows").State, stage.StateFailed)
		})
	}
}

func Test09_TwoProducersOneConsumer(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var gate stagetest.Gate[int]
		ends := stagetest.Count(stagetest.Give(10))
		flows := stagetest.Count(stagetest.Give(30), stagetest.Block())
		first, second := rows(b, ends), stage.NewProducer(b.Pipeline, "more", flows, stage.ProducerConfig{})
		c := one(b, "c", seen.Handle("c", gate.Handle))
		ended := stagetest.Subscribe(b, c, first, stage.Demand(10, 5))
		stagetest.Subscribe(b, c, second, stage.Demand(10, 5))
		b.Start()
		s, u := b.Subscription("c", "rows"), b.Subscription("c", "more")
		expect(b, "unfinished of both", s.Inbox+s.Hands+u.Inbox+u.Hands, 20)
		expect(b, "asks", [][]int{ends.Demands(), flows.Demands()}, [][]int{{10}, {10}})
		gate.Open()
		b.Rest()
		<-ended.Done()
		expectErr(b, "end of the first", ended.Err(), nil)
		expect(b, "handled", len(seen.Done()), 40)
		expect(b, "state", b.Stage("c").State, stage.StateRunning)
		expect(b, "outlets", []stage.OutletState{b.Outlet("rows").State, b.Outlet("more").State},
			[]stage.OutletState{stage.OutletEnded, stage.OutletOpen})
	})
}

func Test11_PauseAccumulates(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var gate stagetest.Gate[int]
		source := stagetest.Count(stagetest.Give(30), stagetest.Block())
		p := rows(b, source)
		b.Serve(p)
		b.Pipeline.Pause()
		b.Pipeline.Pause() // twice is once
		for _, name := range []string{"a", "b", "c"} {
			c := sliced(b, name, seen.HandleSlice(name, gate.HandleSlice))
			stagetest.Subscribe(b, c, p, stage.Demand(10, 0))
			b.Serve(c)
		}
		b.Advance(time.Second)
		expect(b, "asks before Resume", source.Demands(), nil)
		b.Pipeline.Resume()
		b.Rest()
		expect(b, "asks", source.Asks(), []stagetest.Ask{{At: time.Second, Len: 30}})
		expect(b, "shares", seen.By(), map[string]int{"a": 10, "b": 10, "c": 10})
		expectOnce(b, "events", seen.Events(), stagetest.Ints(1, 30))
		gate.Open()
	})
}

// A lazy subscription of slow handlers wants one event for each worker to find at
// its next turn: a source is asked for no more.
func TestASourceIsNotAskedAheadOfSlowLazyWorkers(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		source := stagetest.Count(stagetest.Trickle(1000, 1))
		p := rows(b, source)
		c := stage.NewConsumer(b.Pipeline, "c", gate.Handle, stage.ConsumerConfig[int]{Workers: 3})
		stagetest.Subscribe(b, c, p)
		b.Start()
		b.Advance(time.Hour)
		for done := range 10 {
			o := b.Outlet("rows")
			expect(b, "in hand, waiting, given", []int{o.Hands, o.Buffer, source.Given()}, []int{3, 3, 6 + done})
			gate.Release(1)
			b.Advance(time.Second)
		}
		gate.Open()
	})
}

// A handler is not given anything new during a pause, not from an inbox either.
func TestPauseStopsWhatWasDealtOut(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var gate stagetest.Gate[int]
		q := queueOf(b, stage.QueueConfig{Buffer: 5})
		stagetest.Subscribe(b, one(b, "c", gate.Handle), q, stage.Demand(5, 0))
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 5)...)
		b.Rest()
		q.Pause()
		gate.Release(1)
		b.Advance(time.Hour)
		expect(b, "in hand during the pause", gate.Holds(), nil)
		o := b.Outlet("jobs")
		expect(b, "inboxes, done", []int{o.Inboxes, int(o.Done)}, []int{4, 1})
		stagetest.Push(b, q, stagetest.Ints(6, 10)...)
		expectErr(b, "a push when the buffer is full", q.TryPush(11), stage.ErrFull)
		q.Resume()
		b.Rest()
		expect(b, "in hand afterwards", gate.Holds(), []int{2})
		gate.Open()
		b.Drain()
	})
}

// A producer's Serve may end and be called again: its events are kept, and its
// source goes on.
func TestARestartOfAProducerKeepsAll(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		var gate stagetest.Gate[int]
		source := stagetest.Count(stagetest.Give(5), stagetest.Block(), stagetest.Give(5))
		p := rows(b, source)
		c := one(b, "c", seen.Handle("c", gate.Handle))
		stagetest.Subscribe(b, c, p, stage.Demand(8, 0))
		b.Serve(c)
		expectErr(b, "killed", b.Serve(p).Stop(errKilled), errKilled)
		b.Rest()
		o := b.Outlet("rows")
		expect(b, "kept", []int{o.InSystem(), len(o.Subscriptions), int(o.State)}, []int{5, 1, int(stage.OutletOpen)})
		expect(b, "state", b.Stage("rows").State, stage.StateStopped)
		again := b.Serve(p)
		gate.Open()
		expectErr(b, "second Serve", again.Wait(), nil)
		b.Rest()
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 10))
	})
}

// What a source gives together with its end, or as its context ends, counts.
func TestEventsThatComeWithAnErrorAreAccepted(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		fails := 0
		p := rows(b, stage.SourceFunc[int](func(_ context.Context, dst []int) (int, error) {
			dst[0] = fails
			if fails++; fails == 3 {
				return 1, io.EOF
			}
			return 1, stagetest.ErrPlanned
		}))
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), p)
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "handled", seen.Done(), []int{0, 1, 2})
	})
}
