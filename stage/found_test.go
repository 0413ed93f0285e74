package stage_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// Each test here is a fault that random pipelines, or a reader, once found.

var errAlways = errors.New("always fails")

func ok(context.Context, int) error { return nil }

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// served serves c until the test ends, or its context does.
func served(ctx context.Context, serve func(context.Context) error) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx) }()
	return ended
}

func TestAStageServedAgainDoesNotGoInCirclesWithItsDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		uses := 0
		p := stage.New("p", stage.Config{Logger: quiet()})
		first := stage.NewQueue[int](p, "first", stage.QueueConfig{})
		second := stage.NewQueue[int](p, "second", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error {
			if uses++; uses > 10 {
				return nil
			}
			return errAlways
		}, stage.ConsumerConfig[int]{OnError: func(stage.Failure[int]) stage.Verdict {
			return stage.Verdict{Action: stage.DeadLetter}
		}})
		c.DeadLetters()
		_, err := c.Subscribe(first)
		must(t, err)
		first.Close()
		must(t, c.Serve(t.Context()))
		_, err = c.Subscribe(second)
		must(t, err, second.TryPush(1))
		second.Close()
		if err := c.Serve(t.Context()); err != nil || uses != 1 {
			t.Errorf("Serve: %v, after %d uses, want one", err, uses)
		}
	})
}

func TestAnInboxThatStoodDuringAPauseIsWorkedOffAfterItWhateverTheHandOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Second); return nil }, stage.ConsumerConfig[int]{})
		sub, err := c.Subscribe(q, stage.Demand(10, 5))
		must(t, err)
		ended := served(t.Context(), c.Serve)
		synctest.Wait()
		_, err = q.PushAll(t.Context(), []int{1, 2, 3})
		must(t, err)
		synctest.Wait() // the first is in hand
		q.Pause()
		time.Sleep(2 * time.Second)
		must(t, sub.Set(stage.Lazy(1, time.Millisecond)))
		synctest.Wait()
		q.Resume()
		time.Sleep(3 * time.Second)
		if o := p.Snapshot().Outlets[0]; o.Done != 3 {
			t.Errorf("%d done, %d in inboxes", o.Done, o.Inboxes)
		}
		q.Close()
		must(t, <-ended)
	})
}

func TestRebalanceGivesNoCreditToALazySubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Second); return nil }, stage.ConsumerConfig[int]{})
		sub, err := c.Subscribe(q, stage.Demand(10, 5))
		must(t, err)
		ended := served(t.Context(), c.Serve)
		synctest.Wait()
		_, err = q.PushAll(t.Context(), []int{1, 2, 3, 4})
		must(t, err)
		must(t, sub.Set(stage.Lazy(1, time.Millisecond)))
		q.Rebalance()
		synctest.Wait()
		if o := p.Snapshot().Outlets[0]; o.Credit != 0 || o.Inboxes != 0 || o.Buffer != 3 {
			t.Errorf("credit %d, %d in inboxes, %d in the buffer; want 0, 0, 3", o.Credit, o.Inboxes, o.Buffer)
		}
		q.Close()
		must(t, <-ended)
	})
}

func TestAKilledStageKeepsNothingFromTheOthersThoughItsHandlerIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		stuck := stage.NewConsumer(p, "stuck", func(context.Context, int) error { time.Sleep(time.Hour); return nil }, stage.ConsumerConfig[int]{})
		_, err := stuck.Subscribe(q, stage.Demand(10, 5))
		must(t, err)
		ctx, kill := context.WithCancelCause(t.Context())
		stuckEnded := served(ctx, stuck.Serve)
		synctest.Wait()
		_, err = q.PushAll(t.Context(), []int{1, 2, 3, 4})
		must(t, err)
		synctest.Wait()
		other := stage.NewConsumer(p, "other", ok, stage.ConsumerConfig[int]{})
		_, err = other.Subscribe(q)
		must(t, err)
		otherEnded := served(t.Context(), other.Serve)
		kill(errAlways)
		synctest.Wait()
		must(t, q.TryPush(5))
		synctest.Wait()
		if o := p.Snapshot().Outlets[0]; o.Done != 4 || o.Hands != 1 {
			t.Errorf("%d done, %d in hand, %d in inboxes; want 4, 1, 0", o.Done, o.Hands, o.Inboxes)
		}
		q.Close()
		if err := <-stuckEnded; !errors.Is(err, errAlways) {
			t.Errorf("the killed one ends with %v", err)
		}
		must(t, <-otherEnded)
	})
}

func TestPushersThatWaitAreLetInWhenTheQueueTurnsToDropping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dropped := 0
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{Buffer: 1})
		must(t, q.TryPush(1))
		pushed := make(chan error, 1)
		go func() { pushed <- q.Push(t.Context(), 2) }()
		synctest.Wait()
		must(t, q.Set(stage.QueueConfig{Buffer: 1, Overflow: stage.DropOldest, OnDrop: func(n int) { dropped += n }}))
		synctest.Wait()
		select {
		case err := <-pushed:
			must(t, err)
		default:
			t.Error("it still waits")
		}
		if dropped != 1 || q.Len() != 1 {
			t.Errorf("%d dropped, %d wait; want 1 and 1", dropped, q.Len())
		}
		q.Close()
	})
}

func TestLeavingWhileNotServedEndsTheDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
		d := stage.NewConsumer(p, "d", func(context.Context, stage.Failure[int]) error { return nil }, stage.ConsumerConfig[stage.Failure[int]]{})
		_, err := d.Subscribe(c.DeadLetters())
		must(t, err)
		ended := served(t.Context(), d.Serve)
		c.Leave()
		must(t, <-ended)
	})
}

func TestAStageThatLeavesWhileItIsKilledIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Minute); return nil }, stage.ConsumerConfig[int]{})
		_, err := c.Subscribe(q)
		must(t, err, q.TryPush(1))
		ctx, kill := context.WithCancelCause(t.Context())
		ended := served(ctx, c.Serve)
		synctest.Wait()
		kill(errAlways)
		synctest.Wait()
		c.Leave()
		<-ended
		if err := c.Serve(t.Context()); !errors.Is(err, stage.ErrEnded) {
			t.Errorf("Serve: %v, want ErrEnded", err)
		}
	})
}

func TestADrainDoesNotWaitForDeadLettersOfAStoppedStageForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		stopped := stage.NewConsumer(p, "stopped", ok, stage.ConsumerConfig[int]{})
		stopped.DeadLetters() // made before the queue is
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		works := stage.NewConsumer(p, "works", func(context.Context, int) error { time.Sleep(time.Second); return nil }, stage.ConsumerConfig[int]{})
		_, err := stopped.Subscribe(q)
		_, err2 := works.Subscribe(q)
		must(t, err, err2, q.TryPush(1))
		ended := served(t.Context(), works.Serve)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		must(t, p.Drain(ctx), <-ended)
	})
}

func TestAPolicyThatEndsItsGoroutineLosesNothing(t *testing.T) {
	fails := func(context.Context, int) error { return errAlways }
	leaves := func(context.Context, int) error { runtime.Goexit(); return nil }
	policy := func(stage.Failure[int]) stage.Verdict { runtime.Goexit(); return stage.Verdict{} }
	for name, handle := range map[string]func(context.Context, int) error{"after an error": fails, "after Goexit": leaves} {
		for _, spawn := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				p := stage.New("p", stage.Config{Logger: quiet()})
				q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
				var s interface {
					Serve(context.Context) error
					Subscribe(stage.Outlet[int], ...stage.SubOption) (*stage.Subscription, error)
				} = stage.NewConsumer(p, "c", handle, stage.ConsumerConfig[int]{OnError: policy})
				if spawn {
					s = stage.NewSpawner(p, "s", handle, stage.SpawnerConfig[int]{OnError: policy})
				}
				_, err := s.Subscribe(q)
				must(t, err, q.TryPush(1), q.TryPush(2))
				q.Close()
				must(t, s.Serve(t.Context()))
				if o := p.Snapshot().Outlets[0]; o.Failed != 2 || o.InSystem() != 0 {
					t.Errorf("%s, spawner %v: %d failed, %d left", name, spawn, o.Failed, o.InSystem())
				}
			})
		}
	}
}

func TestAfterAResetTheRateIsOfWhatComesThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		_, err := q.PushAll(t.Context(), make([]int, 500))
		must(t, err)
		time.Sleep(time.Minute)
		p.Reset()
		time.Sleep(time.Second)
		if o := p.Snapshot().Outlets[0]; o.RateIn != 0 || o.Accepted != 500 {
			t.Errorf("%v a second came in, %d are there", o.RateIn, o.Accepted)
		}
	})
}

func TestARateIsToldThoughNobodyLookedForALongTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{Buffer: 10_000})
		for range 1000 {
			time.Sleep(10 * time.Millisecond)
			must(t, q.TryPush(1))
		}
		if o := p.Snapshot().Outlets[0]; o.RateIn < 90 || o.RateIn > 110 {
			t.Errorf("%v a second, want about 100", o.RateIn)
		}
	})
}

func TestAStageThatIsMadeAndLeavesAtOnceDoesNotEndTheRun(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			p := stage.New("p", stage.Config{Logger: quiet()})
			q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
			ended := served(t.Context(), p.Run)
			synctest.Wait()
			stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{}).Leave()
			synctest.Wait()
			if err := q.TryPush(1); err != nil {
				t.Errorf("the pipeline has begun to end: %v", err)
			}
			c := stage.NewConsumer(p, "d", ok, stage.ConsumerConfig[int]{})
			_, err := c.Subscribe(q)
			must(t, err)
			q.Close()
			must(t, <-ended)
		})
		if t.Failed() {
			return
		}
	}
}

func TestASliceWhosePolicyEndsItsGoroutineKeepsWhatIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewSliceConsumer(p, "c", func(_ context.Context, evs []int) error {
			if len(evs) < 4 {
				t.Errorf("a slice of %d", len(evs))
			}
			return &stage.SliceError{Failed: map[int]error{1: errAlways, 3: errAlways}}
		}, stage.ConsumerConfig[int]{OnError: func(stage.Failure[int]) stage.Verdict { runtime.Goexit(); return stage.Verdict{} }})
		_, err := c.Subscribe(q, stage.Demand(8, 4))
		must(t, err)
		_, err = q.PushAll(t.Context(), []int{0, 1, 2, 3})
		must(t, err)
		q.Close()
		must(t, c.Serve(t.Context()))
		if o := p.Snapshot().Outlets[0]; o.Done != 2 || o.Failed != 2 {
			t.Errorf("%d done, %d failed, want 2 and 2", o.Done, o.Failed)
		}
	})
}

func TestASubscriptionOfAStageThatIsAboutToEndTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { time.Sleep(time.Hour); return nil }, stage.ConsumerConfig[int]{})
		_, err := c.Subscribe(q)
		must(t, err, q.TryPush(1))
		ctx, kill := context.WithCancelCause(t.Context())
		ended := served(ctx, c.Serve)
		synctest.Wait()
		kill(errAlways)
		synctest.Wait()
		_, err = c.Subscribe(q, stage.Demand(10, 5))
		must(t, err, q.TryPush(2))
		synctest.Wait()
		if o := p.Snapshot().Outlets[0]; o.Buffer != 1 || o.Credit != 0 {
			t.Errorf("%d wait, %d credit, %d in inboxes; want 1, 0, 0", o.Buffer, o.Credit, o.Inboxes)
		}
		<-ended
		q.Close()
		must(t, c.Serve(t.Context()))
	})
}

func TestASmallerCrewBeginsNothingWhileEnoughWork(t *testing.T) {
	for range 20 { // which workers are spare may be a matter of luck
		synctest.Test(t, func(t *testing.T) {
			running := make(chan struct{}, 100)
			p := stage.New("p", stage.Config{Logger: quiet()})
			q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
			c := stage.NewConsumer(p, "c", func(context.Context, int) error {
				running <- struct{}{}
				time.Sleep(time.Second)
				<-running
				return nil
			}, stage.ConsumerConfig[int]{Workers: 6})
			_, err := c.Subscribe(q)
			must(t, err)
			ended := served(t.Context(), c.Serve)
			_, err = q.PushAll(t.Context(), make([]int, 3))
			must(t, err)
			synctest.Wait()
			must(t, c.Resize(3))
			_, err = q.PushAll(t.Context(), make([]int, 10))
			must(t, err)
			synctest.Wait()
			if n := len(running); n != 3 {
				t.Errorf("%d handlers run, want 3", n)
			}
			q.Close()
			must(t, <-ended)
		})
		if t.Failed() {
			return
		}
	}
}
