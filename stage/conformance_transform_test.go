package stage_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

type emit = func(int) error

// transform makes a transform of ints with one worker.
func transform(b *stagetest.Bubble, handle func(context.Context, int, emit) error, cfg stage.TransformConfig[int]) *stage.Transform[int, int] {
	return stage.NewTransform(b.Pipeline, "t", handle, cfg)
}

func pass(_ context.Context, n int, emit emit) error { return emit(n) }

func Test24_TransformNoDownstream(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		calls := 0
		tr := transform(b, func(context.Context, int, emit) error { calls++; return nil }, stage.TransformConfig[int]{})
		source := stagetest.Count(stagetest.Give(100), stagetest.Block())
		p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](source), stage.ProducerConfig{})
		stagetest.Subscribe(b, tr, p, stage.Demand(10, 5))
		b.Start()
		b.Advance(time.Minute)
		expect(b, "handler called", calls, 0)
		expect(b, "taken", b.Outlet("rows").Inboxes, 10)
		expect(b, "asked", source.Demands(), []int{10})
	})
}

func Test25_TransformFilterAll(t *testing.T) {
	for _, opt := range []stage.SubOption{stage.Lazy(0, 0), stage.Demand(10, 5)} {
		inBubble(t, func(b *stagetest.Bubble) {
			tr := transform(b, func(context.Context, int, emit) error { return nil }, stage.TransformConfig[int]{})
			source := stagetest.Count(stagetest.Give(10_000), stagetest.EOF())
			p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](source), stage.ProducerConfig{})
			stagetest.Subscribe(b, tr, p, opt)
			var seen stagetest.Record[int]
			stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), tr, opt)
			expectErr(b, "run", b.Start().Wait(), nil)
			expect(b, "consumed", b.Outlet("rows").Done, 10_000)
			expect(b, "handled", seen.Events(), nil)
			expect(b, "its outlet", b.Outlet("t").State, stage.OutletEnded)
		})
	}
}

func Test26_TransformExpands(t *testing.T) {
	for _, workers := range []int{1, 4} {
		inBubble(t, func(b *stagetest.Bubble) {
			tr := transform(b, func(_ context.Context, n int, emit emit) error {
				for i := range 1000 {
					if err := emit(1000*n + i); err != nil {
						return err
					}
				}
				return nil
			}, stage.TransformConfig[int]{Workers: workers, Buffer: 64})
			jobs := queueOf(b, stage.QueueConfig{})
			stagetest.Subscribe(b, tr, jobs)
			var seen stagetest.Record[int]
			stagetest.Subscribe(b, one(b, "c", seen.Handle("c", stagetest.Work[int](ms))), tr)
			stagetest.Push(b, jobs, stagetest.Ints(0, 4)...)
			jobs.Close()
			run := b.Start()
			for range 100 {
				s := b.Advance(50 * ms)
				if depth := s.Outlet("t").Buffer; depth > 64 {
					b.Fatalf("%d wait", depth)
				}
			}
			expectErr(b, "run", run.Wait(), nil)
			if workers == 1 {
				expect(b, "handled", seen.Done(), stagetest.Ints(0, 4999))
			}
			expectOnce(b, "handled", seen.Done(), stagetest.Ints(0, 4999))
		})
	}
}

func Test27_TransformEOFOrder(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, func(_ context.Context, n int, emit emit) error {
			time.Sleep(10 * ms)
			return errors.Join(emit(2*n), emit(2*n+1))
		}, stage.TransformConfig[int]{Buffer: 5})
		p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(stagetest.Give(50), stagetest.EOF())), stage.ProducerConfig{})
		stagetest.Subscribe(b, tr, p)
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", stagetest.Work[int](20*ms))), tr)
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "handled", seen.Done(), stagetest.Ints(2, 101))
		expect(b, "stage", b.Stage("c").State, stage.StateDone)
	})
}

func TestATransformOfSlicesHandsOnWhatItMade(t *testing.T) {
	for _, opt := range []stage.SubOption{stage.Lazy(0, 0), stage.Demand(100, 50)} {
		inBubble(t, func(b *stagetest.Bubble) {
			odd := stage.NewSliceTransform(b.Pipeline, "odd", func(_ context.Context, evs []int, emit emit) error {
				for _, n := range evs {
					if n%2 == 1 {
						_ = emit(n) // its failure is the handler's, looked at or not
					}
				}
				return nil
			}, stage.TransformConfig[int]{Buffer: 3})
			jobs := queueOf(b, stage.QueueConfig{})
			stagetest.Subscribe(b, odd, jobs, opt)
			var seen stagetest.Record[int]
			stagetest.Subscribe(b, sliced(b, "c", seen.HandleSlice("c", nil)), odd, opt)
			stagetest.Push(b, jobs, stagetest.Ints(1, 1000)...)
			jobs.Close()
			expectErr(b, "run", b.Start().Wait(), nil)
			var want []int
			for n := 1; n <= 1000; n += 2 {
				want = append(want, n)
			}
			expect(b, "handled", seen.Done(), want)
		})
	}
}

// A transform that is told to leave while it waits for room returns its event.
func TestATransformThatWaitsForRoomLeavesAtOnce(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, func(_ context.Context, n int, emit emit) error {
			_, _, _ = emit(n), emit(n), emit(n)
			return nil
		}, stage.TransformConfig[int]{Buffer: 2})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](time.Hour)), tr)
		stagetest.Push(b, jobs, 1, 2)
		task := b.Serve(tr)
		taker := b.Serve(one(b, "other", ok))
		b.Advance(time.Second)
		expect(b, "nobody takes: nothing is made", b.Outlet("t").Accepted, 0)
		taker.Stop(nil)
		stagetest.Subscribe(b, one(b, "third", ok), tr)
		expectErr(b, "transform", task.Stop(errKilled), errKilled)
		expect(b, "its events", b.Outlet("jobs").Buffer, 2)
	})
}

func TestATransformFullOfWhatItMadeIsStoppedAndGoesOn(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, func(_ context.Context, n int, emit emit) error {
			for i := range 5 {
				if err := emit(10*n + i); err != nil {
					return err
				}
			}
			return nil
		}, stage.TransformConfig[int]{Buffer: 2})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		var seen stagetest.Record[int]
		c := one(b, "c", seen.Handle("c", stagetest.Work[int](time.Second)))
		stagetest.Subscribe(b, c, tr)
		stagetest.Push(b, jobs, 1, 2)
		task := b.Serve(tr)
		b.Serve(c)
		b.At(500 * ms) // 10 in hand, 11 and 12 wait, 13 has no room
		expectErr(b, "transform", task.Stop(errKilled), errKilled)
		expect(b, "jobs", b.Outlet("jobs").Buffer, 2)
		b.Serve(tr)
		jobs.Close()
		b.Drain()
		expectOnce(b, "made, what was made before it was stopped once more", seen.Done(),
			[]int{10, 10, 11, 11, 12, 12, 13, 14, 20, 21, 22, 23, 24})
	})
}

func TestWhoTakesFromATransformThatFailedFailsToo(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, func(_ context.Context, n int, emit emit) error {
			if n == 3 {
				return errAlways
			}
			return emit(n)
		}, stage.TransformConfig[int]{OnError: always(stage.Stop)})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), tr)
		stagetest.Push(b, jobs, 1, 2, 3, 4)
		err := b.Start().Wait()
		var failed *stage.StageError
		expectAs(b, "run", err, &failed)
		expect(b, "first", failed.Stage, "t")
		var upstream *stage.UpstreamError
		expectAs(b, "run", err, &upstream)
		expect(b, "outlet", upstream.Outlet, "t")
		expect(b, "handled", seen.Done(), []int{1, 2})
		expect(b, "what it did not make is kept", b.Outlet("jobs").Buffer, 2)
	})
}

func TestATransformLeavesAndItsNameIsFree(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, pass, stage.TransformConfig[int]{})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		c := stage.NewConsumer(b.Pipeline, "c", ok, stage.ConsumerConfig[int]{OnEnd: stage.Temporary})
		stagetest.Subscribe(b, c, tr)
		b.Start()
		stagetest.Push(b, jobs, 1)
		tr.Leave()
		b.Rest()
		for _, o := range b.Rest().Outlets {
			if o.Name == "t" {
				b.Error("its outlet is still there")
			}
		}
		again := transform(b, pass, stage.TransformConfig[int]{})
		stagetest.Subscribe(b, again, jobs)
		stagetest.Subscribe(b, c, again)
		stagetest.Push(b, jobs, 2)
		b.Rest()
		expect(b, "done", b.Outlet("jobs").Done, 2)
	})
}

func TestEmitIsForTheCallOfTheHandler(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var kept emit
		tr := transform(b, func(_ context.Context, n int, emit emit) error { kept = emit; return emit(n) }, stage.TransformConfig[int]{})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		stagetest.Subscribe(b, one(b, "c", ok), tr)
		stagetest.Push(b, jobs, 1)
		jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		if kept(2) == nil {
			b.Error("an event was taken after the end")
		}
		expect(b, "made", b.Outlet("t").Accepted, 1)
	})
}

func TestTransformsInARowEndInOrder(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var from stage.Outlet[int] = stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(stagetest.Give(100), stagetest.EOF())), stage.ProducerConfig{})
		for _, name := range []string{"a", "b", "c", "d"} {
			tr := stage.NewTransform(b.Pipeline, name, pass, stage.TransformConfig[int]{Buffer: 2})
			stagetest.Subscribe(b, tr, from)
			from = tr
		}
		var seen stagetest.Record[int]
		stagetest.Subscribe(b, one(b, "sink", seen.Handle("sink", stagetest.Work[int](ms))), from)
		expectErr(b, "run", b.Start().Wait(), nil)
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 100))
		expect(b, "fed by", b.Outlet("d").FedBy, []string{"d"})
	})
}

// What a failed call gathered is made again, and so is not handed on before.
func TestWhatAFailedSliceMadeIsForgottenUnlessItSaysWhichFailed(t *testing.T) {
	for _, some := range []bool{false, true} {
		inBubble(t, func(b *stagetest.Bubble) {
			tries := 0
			tr := stage.NewSliceTransform(b.Pipeline, "t", func(_ context.Context, evs []int, emit emit) error {
				tries++
				for _, n := range evs {
					if err := emit(n); err != nil {
						return err
					}
				}
				switch {
				case tries > 1:
					return nil
				case some:
					return &stage.SliceError{Failed: map[int]error{0: errAlways}}
				}
				return errAlways
			}, stage.TransformConfig[int]{OnError: always(stage.Retry)})
			jobs := queueOf(b, stage.QueueConfig{})
			stagetest.Subscribe(b, tr, jobs, stage.Demand(4, 0))
			var seen stagetest.Record[int]
			stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), tr, stage.Demand(100, 50))
			n, err := jobs.PushAll(b.Context(), stagetest.Ints(1, 4))
			expect(b, "pushed", n, 4)
			expectErr(b, "push", err, nil)
			jobs.Close()
			expectErr(b, "run", b.Start().Wait(), nil)
			want := []int{1, 2, 3, 4}
			if some {
				want = []int{1, 2, 3, 4, 1}
			}
			expectOnce(b, "made", seen.Done(), slices.Sorted(slices.Values(want)))
		})
	}
}

// Of a slice that failed in part the rest is done once what it made is handed on: a
// stage that is stopped before that returns all of it.
func TestTheRestOfASliceThatFailedInPartIsNotDoneBeforeItIsHandedOn(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := stage.NewSliceTransform(b.Pipeline, "t", func(_ context.Context, evs []int, emit emit) error {
			last := len(evs) - 1
			for _, n := range evs[:last] {
				_ = emit(n) // its failure is the handler's, looked at or not
			}
			return &stage.SliceError{Failed: map[int]error{last: errAlways}}
		}, stage.TransformConfig[int]{Buffer: 1})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs, stage.Demand(10, 0))
		var gate stagetest.Gate[int]
		c := one(b, "c", gate.Handle)
		stagetest.Subscribe(b, c, tr)
		pushAll(b, jobs, stagetest.Ints(1, 10))
		b.Serve(c)
		task := b.Serve(tr)
		expect(b, "handed on, one to a handler and one into the buffer", b.Outlet("t").Accepted, 2)
		expectErr(b, "transform", task.Stop(errKilled), errKilled)
		o := b.Outlet("jobs")
		expect(b, "done, failed, waiting", []int{int(o.Done), int(o.Failed), o.Buffer}, []int{0, 0, 10})
	})
}

func Test54_SubscribeErrors_Cycle(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		first := stage.NewTransform(b.Pipeline, "first", pass, stage.TransformConfig[int]{})
		second := stage.NewTransform(b.Pipeline, "second", pass, stage.TransformConfig[int]{})
		work := one(b, "work", ok)
		back := stage.NewQueue[int](b.Pipeline, "back", stage.QueueConfig{FedBy: []stage.Stage{work}})
		stagetest.Subscribe(b, second, first)
		stagetest.Subscribe(b, work, second)
		for _, o := range []stage.Outlet[int]{first, second, back} {
			_, err := first.Subscribe(o)
			expectErr(b, "a circle", err, stage.ErrCycle)
		}
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, first, jobs) // nothing was half made
		stagetest.Push(b, jobs, 1)
		b.Start()
		expect(b, "done", b.Outlet("second").Done, 1)
	})
}

func Test48_EndModes_Permanent(t *testing.T) {
	for end, want := range map[error]error{io.EOF: stage.ErrEnded, errAlways: errAlways} {
		inBubble(t, func(b *stagetest.Bubble) {
			steps := append([]stagetest.Step{stagetest.Give(2)}, slices.Repeat([]stagetest.Step{stagetest.Break(end)}, 3)...)
			p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(steps...)), stage.ProducerConfig{MaxFailures: 1})
			jobs := queueOf(b, stage.QueueConfig{})
			c := stage.NewConsumer(b.Pipeline, "c", ok, stage.ConsumerConfig[int]{OnEnd: stage.Permanent})
			stagetest.Subscribe(b, c, jobs)
			stagetest.Subscribe(b, c, p)
			err := b.Start().Wait()
			var upstream *stage.UpstreamError
			expectAs(b, "run", err, &upstream)
			expectErr(b, "its cause", upstream.Err, want)
		})
	}
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", ok, stage.ConsumerConfig[int]{OnEnd: stage.Permanent})
		sub := stagetest.Subscribe(b, c, jobs)
		run := b.Start()
		sub.Cancel(errKilled) // ours: no end of the outlet
		b.Rest()
		expect(b, "state", b.Stage("c").State, stage.StateRunning)
		expectErr(b, "a drain is in order", run.Stop(errKilled), nil)
	})
}

func TestAHandlerThatTakesTooLongIsToldSo(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		var mu sync.Mutex // guards what follows
		var causes []error
		wait := func(ctx context.Context, n int) error {
			select {
			case <-time.After(time.Duration(n) * time.Second):
				return nil
			case <-ctx.Done():
				mu.Lock()
				defer mu.Unlock()
				causes = append(causes, context.Cause(ctx))
				return context.Cause(ctx)
			}
		}
		jobs := queueOf(b, stage.QueueConfig{})
		var failed []int
		policy := func(f stage.Failure[int]) stage.Verdict {
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, f.Event)
			return stage.Verdict{}
		}
		stagetest.Subscribe(b, stage.NewConsumer(b.Pipeline, "c", wait, stage.ConsumerConfig[int]{Timeout: 2 * time.Second, OnError: policy}), jobs)
		tasks := queueOf2(b)
		stagetest.Subscribe(b, stage.NewSpawner(b.Pipeline, "s", wait, stage.SpawnerConfig[int]{Timeout: 2 * time.Second, OnError: policy}), tasks)
		stagetest.Push(b, jobs, 1, 5, 1)
		stagetest.Push(b, tasks, 1, 7)
		run := b.Start()
		b.Advance(time.Minute)
		expectErr(b, "run", run.Stop(nil), nil)
		expectOnce(b, "failed", failed, []int{5, 7})
		for _, cause := range causes {
			expectErr(b, "cause", cause, stage.ErrTimeout)
		}
		expect(b, "done", b.Outlet("jobs").Done+b.Outlet("tasks").Done, 3)
	})
	p := stage.New("p", stage.Config{})
	stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{Timeout: -1})
	expectSetting(t, p.Err())
}

func queueOf2(b *stagetest.Bubble) *stage.Queue[int] {
	return stage.NewQueue[int](b.Pipeline, "tasks", stage.QueueConfig{})
}

func TestAllWorkersOfATransformWorkWhereMuchIsWanted(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, func(_ context.Context, n int, emit emit) error {
			time.Sleep(time.Second)
			return emit(n)
		}, stage.TransformConfig[int]{Workers: 4})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		c := one(b, "c", ok)
		b.Serve(tr) // all of them wait for somebody who wants something
		stagetest.Push(b, jobs, stagetest.Ints(1, 8)...)
		stagetest.Subscribe(b, c, tr, stage.Demand(100, 50))
		b.Serve(c)
		b.Advance(2 * time.Second)
		expect(b, "done", b.Outlet("t").Done, 8)
	})
}

// A stage that takes nothing for now must not keep the call for an event from those
// that it competes with.
func TestWhoIsNotWantedLetsOthersTake(t *testing.T) {
	for name, gather := range map[string]func(b *stagetest.Bubble) interface {
		stagetest.Taker[int]
		stage.Outlet[int]
		stage.Stage
	}{
		"broadcast": func(b *stagetest.Bubble) interface {
			stagetest.Taker[int]
			stage.Outlet[int]
			stage.Stage
		} {
			return stage.NewBroadcast[int](b.Pipeline, "x", stage.BroadcastConfig{})
		},
		"transform": func(b *stagetest.Bubble) interface {
			stagetest.Taker[int]
			stage.Outlet[int]
			stage.Stage
		} {
			return stage.NewTransform(b.Pipeline, "x", pass, stage.TransformConfig[int]{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				jobs := queueOf(b, stage.QueueConfig{})
				x := gather(b)
				stagetest.Subscribe(b, x, jobs)
				below := one(b, "below", stagetest.Work[int](time.Hour))
				stagetest.Subscribe(b, below, x, stage.Demand(1, 0))
				var seen stagetest.Record[int]
				other := one(b, "other", seen.Handle("other", nil))
				b.Serve(below)
				b.Serve(x) // first in the line of those that wait
				stagetest.Subscribe(b, other, jobs)
				b.Serve(other)
				for n := range 10 {
					stagetest.Push(b, jobs, n)
					b.Rest()
				}
				if n := len(seen.Done()); n < 8 {
					b.Errorf("the other got %d of 10", n)
				}
				expect(b, "left", jobs.Len(), 0)
			})
		})
	}
}

// What makes events for a stage that has failed does not wait for room until the time
// to drain is up.
func TestTheFailureOfALastStageEndsThoseBeforeItAtOnce(t *testing.T) {
	for _, also := range []bool{false, true} {
		inBubble(t, func(b *stagetest.Bubble) {
			jobs := queueOf(b, stage.QueueConfig{})
			var from stage.Outlet[int] = jobs
			for _, name := range []string{"a", "b"} {
				tr := stage.NewTransform(b.Pipeline, name, func(_ context.Context, n int, emit emit) error {
					return errors.Join(emit(n), emit(n), emit(n))
				}, stage.TransformConfig[int]{Buffer: 1})
				stagetest.Subscribe(b, tr, from)
				from = tr
			}
			failing := make(chan struct{})
			last := stage.NewConsumer(b.Pipeline, "last", func(context.Context, int) error { close(failing); return errAlways },
				stage.ConsumerConfig[int]{OnError: always(stage.Stop)})
			stagetest.Subscribe(b, last, from)
			if also { // somebody else goes on with the rest, and leaves one to last
				stagetest.Subscribe(b, one(b, "other", func(context.Context, int) error { <-failing; return nil }), from)
			}
			stagetest.Push(b, jobs, stagetest.Ints(1, 50)...)
			err := b.Start().Wait()
			var failed *stage.StageError
			expectAs(b, "run", err, &failed)
			expect(b, "who", failed.Stage, "last")
			expect(b, "ended at", stagetest.Elapsed(), 0)
			var left *stage.DrainError
			expect(b, "something is left", errors.As(err, &left), !also)
		})
	}
}

// A stage may fail before another that takes from the same outlet has begun: that one
// goes on with what there is. (Which of them is first is luck, so it is tried often.)
func TestAnEarlyFailureDoesNotTakeWhatOthersAreAboutToAskFor(t *testing.T) {
	for range 300 {
		inBubble(t, func(b *stagetest.Bubble) {
			jobs, tr := queueOf(b, stage.QueueConfig{}), transform(b, pass, stage.TransformConfig[int]{})
			stagetest.Subscribe(b, tr, jobs)
			last := stage.NewConsumer(b.Pipeline, "last", func(context.Context, int) error { return errAlways },
				stage.ConsumerConfig[int]{OnError: always(stage.Stop)})
			stagetest.Subscribe(b, last, tr)
			stagetest.Subscribe(b, one(b, "other", ok), tr)
			stagetest.Push(b, jobs, stagetest.Ints(1, 50)...)
			jobs.Close() // or other alone might take all, and wait for more
			var left *stage.DrainError
			if err := b.Start().Wait(); errors.As(err, &left) || stagetest.Elapsed() > 0 {
				b.Fatalf("at %v: %v", stagetest.Elapsed(), err)
			}
		})
	}
}
