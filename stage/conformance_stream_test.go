package stage_test

import (
	"context"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// streamed is what a loop got, until it had n, and how it ended.
func streamed(ctx context.Context, o stage.Outlet[int], n int, opts ...stage.SubOption) (got []int, last error) {
	for ev, err := range stage.Stream(ctx, o, opts...) {
		if err != nil {
			last = err
			continue // there is no more
		}
		if got = append(got, ev); len(got) == n {
			break
		}
	}
	return got, last
}

func Test52_StreamEarlyBreak(t *testing.T) {
	for name, opts := range map[string][]stage.SubOption{"lazy": nil, "demand": {stage.Demand(10, 5)}, "one": {stage.Demand(1, 0)}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *stagetest.Bubble) {
				source := stagetest.Count(stagetest.Give(1000), stagetest.EOF())
				rows := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](source), stage.ProducerConfig{})
				b.Serve(rows)
				got, err := streamed(b.Context(), rows, 3, opts...)
				expectErr(b, "loop", err, nil)
				expect(b, "yielded", got, []int{1, 2, 3})
				expect(b, "subscriptions", len(b.Outlet("rows").Subscriptions), 0)
				expect(b, "done", b.Outlet("rows").Done, 3)
				if given := source.Given(); given > 20 {
					b.Errorf("%d were read", given)
				}
				b.Rest()
				got, err = streamed(b.Context(), rows, -1, opts...)
				expectErr(b, "the next loop", err, nil)
				expect(b, "it gets the others", got, stagetest.Ints(4, 1000))
			})
		})
	}
}

func TestAStreamEndsWithItsContextAndTheEventsStay(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Push(b, jobs, 1, 2)
		ctx, cancel := context.WithTimeoutCause(b.Context(), time.Second, errKilled)
		defer cancel()
		got, err := streamed(ctx, jobs, -1)
		expect(b, "yielded", got, []int{1, 2})
		expectErr(b, "loop", err, errKilled)
		stagetest.Push(b, jobs, 3)
		got, err = streamed(ctx, jobs, -1)
		expect(b, "yielded", got, nil)
		expectErr(b, "loop", err, errKilled)
		expect(b, "it waits", jobs.Len(), 1)
	})
}

// A loop whose context ends in the midst of a slice is given no more of it.
func TestAStreamEndsWithItsContextInTheMidstOfASlice(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		pushAll(b, jobs, stagetest.Ints(1, 10))
		ctx, cancel := context.WithCancelCause(b.Context())
		defer cancel(nil)
		var got []int
		var last error
		for ev, err := range stage.Stream(ctx, jobs, stage.Demand(10, 0)) {
			if last = err; err == nil {
				got = append(got, ev)
				cancel(errKilled)
			}
		}
		expectErr(b, "loop", last, errKilled)
		expect(b, "yielded", got, []int{1})
		expect(b, "back", jobs.Len(), 9)
	})
}

func TestAPanicInALoopFailsItsEventAndReturnsTheOthers(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Push(b, jobs, stagetest.Ints(1, 10)...)
		func() {
			defer func() { _ = recover() }()
			for ev := range stage.Stream(b.Context(), jobs, stage.Demand(10, 5)) {
				if ev == 3 {
					panic("no")
				}
			}
		}()
		o := b.Outlet("jobs")
		expect(b, "done, failed, waiting", []int{int(o.Done), int(o.Failed), o.Buffer}, []int{2, 1, 7})
	})
}

func TestADrainWaitsForALoop(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, pass, stage.TransformConfig[int]{})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		stagetest.Push(b, jobs, stagetest.Ints(1, 20)...)
		var got []int
		loop := b.Go(func(ctx context.Context) (last error) {
			for ev, err := range stage.Stream(ctx, tr) {
				if last = err; err != nil {
					break
				}
				time.Sleep(time.Second)
				got = append(got, ev)
			}
			return last
		})
		run := b.Start()
		b.Advance(time.Second)
		expectErr(b, "run", run.Stop(errKilled), nil)
		expectErr(b, "loop", loop.Wait(), nil)
		expect(b, "yielded", got, stagetest.Ints(1, 20))
	})
}

func TestAStreamOfAFailedOutletSaysSo(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		tr := transform(b, func(context.Context, int, emit) error { return errAlways },
			stage.TransformConfig[int]{OnError: always(stage.Stop)})
		jobs := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, tr, jobs)
		stagetest.Push(b, jobs, 1)
		loop := b.Go(func(ctx context.Context) error {
			_, err := streamed(ctx, tr, -1)
			return err
		})
		expectErr(b, "run", b.Start().Wait(), errAlways)
		var upstream *stage.UpstreamError
		expectAs(b, "loop", loop.Wait(), &upstream)
	})
}

func TestStreamsOfABroadcastAndWrongOnes(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		a := newAiring(b)
		var got [2][]int
		var loops []*stagetest.Task
		for i := range got {
			loops = append(loops, b.Go(func(ctx context.Context) (err error) {
				got[i], err = streamed(ctx, a.all, -1)
				return err
			}))
		}
		a.push(b, 1, 5)
		a.jobs.Close()
		expectErr(b, "run", b.Start().Wait(), nil)
		for i, loop := range loops {
			expectErr(b, "loop", loop.Wait(), nil)
			expect(b, "yielded", got[i], stagetest.Ints(1, 5))
		}
		_, err := streamed(b.Context(), nil, -1)
		expectSetting(b, err)
		_, err = streamed(b.Context(), a.jobs, -1, stage.Demand(0, 0))
		expectSetting(b, err)
		_, err = streamed(b.Context(), a.jobs, -1, stage.Lag(1, stage.LagDrop))
		expectSetting(b, err)
	})
}
