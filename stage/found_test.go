package stage_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

func TestASliceErrorLosesNothingOfWhatWasMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		tr := stage.NewSliceTransform(p, "t", func(ctx context.Context, evs []int, emit func(int) error) error {
			for _, e := range evs[:len(evs)-1] {
				emit(e)
			}
			return &stage.SliceError{Failed: map[int]error{len(evs) - 1: errors.New("x")}}
		}, stage.TransformConfig[int]{Buffer: 1})
		_, err := tr.Subscribe(q, stage.Demand(10, 0))
		must(t, err)
		c := stage.NewConsumer(p, "c", func(ctx context.Context, e int) error { <-ctx.Done(); return ctx.Err() }, stage.ConsumerConfig[int]{})
		_, err = c.Subscribe(tr)
		must(t, err)
		q.PushAll(t.Context(), []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
		ctx, cancel := context.WithCancel(t.Context())
		a, b := served(ctx, c.Serve), served(ctx, tr.Serve)
		synctest.Wait()
		cancel()
		<-a
		<-b
		s := p.Snapshot()
		t.Logf("q: %+v done=%d failed=%d buffer=%d; t: accepted=%d", s.Outlets[0].Name, s.Outlets[0].Done, s.Outlets[0].Failed, s.Outlets[0].Buffer, s.Outlets[1].Accepted)
		if lost := int(s.Outlets[0].Done) - int(s.Outlets[1].Accepted); lost > 0 {
			t.Errorf("%d events are done whose output was never handed on", lost)
		}
	})
}

func TestASubscriptionThatIsRefusedLeavesNoBranch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, p2 := stage.New("p", stage.Config{}), stage.New("p2", stage.Config{})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		b := stage.NewBroadcast[int](p, "b", stage.BroadcastConfig{})
		_, err := b.Subscribe(q)
		must(t, err)
		c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
		_, err = c.Subscribe(b)
		must(t, err)
		alien := stage.NewConsumer(p2, "alien", ok, stage.ConsumerConfig[int]{})
		_, err = alien.Subscribe(b)
		t.Log("refused:", err)
		q.PushAll(t.Context(), []int{1, 2, 3})
		ctx, cancel := context.WithCancel(t.Context())
		x, y := served(ctx, c.Serve), served(ctx, b.Serve)
		time.Sleep(time.Hour)
		if n := q.Len(); n != 0 {
			t.Errorf("%d events still wait after an hour", n)
		}
		cancel()
		<-x
		<-y
	})
}

func TestABatchWithoutAKeyHoldsNoOtherUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Grace: time.Second})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{Buffer: 100000})
		b := stage.NewBatcher(p, "b", stage.BatcherConfig[string, int]{Size: 2})
		_, err := b.Subscribe(q)
		must(t, err)
		o := stage.Partition(stage.Outlet[stage.Batch[string, int]](b), stage.PartitionConfig[stage.Batch[string, int]]{Key: func(b stage.Batch[string, int]) uint64 {
			if b.Events[0] == 0 {
				panic("poison")
			}
			return uint64(b.Events[0])
		}})
		var n atomic.Int64
		c := stage.NewConsumer(p, "c", func(ctx context.Context, b stage.Batch[string, int]) error { n.Add(1); return nil }, stage.ConsumerConfig[stage.Batch[string, int]]{})
		_, err = c.Subscribe(o)
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		x, y := served(ctx, c.Serve), served(ctx, b.Serve)
		for i := range 20000 {
			q.Push(ctx, i)
		}
		synctest.Wait()
		for _, s := range p.Snapshot().Stages {
			if s.Name == "b" {
				t.Logf("batches in batcher %d, gathered %d, handled %d", s.Batches, s.Gathered, n.Load())
				if s.Batches > 100 {
					t.Error("unbounded and stalled behind one batch")
				}
			}
		}
		cancel()
		<-x
		<-y
	})
}

func TestAKeyThatCannotBeOneFailsItsEventAlone(t *testing.T) {
	p := stage.New("p", stage.Config{})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
	b := stage.NewBatcher(p, "b", stage.BatcherConfig[any, int]{Key: func(int) any { return []int{1} }})
	_, err := b.Subscribe(q)
	must(t, err)
	c := stage.NewConsumer(p, "c", func(ctx context.Context, b stage.Batch[any, int]) error { return nil }, stage.ConsumerConfig[stage.Batch[any, int]]{})
	_, err = c.Subscribe(b)
	must(t, err)
	go c.Serve(t.Context())
	go b.Serve(t.Context())
	q.Push(t.Context(), 1)
	time.Sleep(100 * time.Millisecond)
	done := make(chan int)
	go func() { p.Snapshot(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Second):
		t.Fatal("Snapshot hangs: heldMu is never released")
	}
}

func TestWhoTakesDeadLettersMayFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Grace: time.Hour})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		tr := stage.NewTransform(p, "t", func(ctx context.Context, e int, emit func(int) error) error {
			time.Sleep(time.Second)
			if e == 3 {
				return errAlways
			}
			return emit(e)
		}, stage.TransformConfig[int]{ConsumerConfig: stage.ConsumerConfig[int]{OnError: always(stage.DeadLetter)}})
		_, err := tr.Subscribe(q)
		must(t, err)
		var n atomic.Int64
		c := stage.NewConsumer(p, "c", func(ctx context.Context, e int) error { n.Add(1); return nil }, stage.ConsumerConfig[int]{})
		_, err = c.Subscribe(tr)
		must(t, err)
		d := stage.NewConsumer(p, "d", func(ctx context.Context, e stage.Failure[int]) error { return errAlways }, stage.ConsumerConfig[stage.Failure[int]]{
			OnError: func(stage.Failure[stage.Failure[int]]) stage.Verdict { return stage.Verdict{Action: stage.Stop} }})
		_, err = d.Subscribe(tr.DeadLetters())
		must(t, err)
		q.PushAll(t.Context(), []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
		start := time.Now()
		err = p.Run(t.Context())
		t.Logf("handled %d of 9, Run took %v: %v", n.Load(), time.Since(start), err)
		if n.Load() < 9 || time.Since(start) > time.Minute {
			t.Error("transform aborted though c takes from it, and Run idles until Grace is up")
		}
	})
}

func TestASubscriberOfABroadcastMayFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Grace: time.Hour})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		b := stage.NewBroadcast[int](p, "b", stage.BroadcastConfig{})
		_, err := b.Subscribe(q)
		must(t, err)
		var n atomic.Int64
		c := stage.NewConsumer(p, "c", func(ctx context.Context, e int) error { time.Sleep(time.Second); n.Add(1); return nil }, stage.ConsumerConfig[int]{})
		_, err = c.Subscribe(b)
		must(t, err)
		d := stage.NewConsumer(p, "d", func(ctx context.Context, e int) error { return errAlways }, stage.ConsumerConfig[int]{OnError: always(stage.Stop)})
		_, err = d.Subscribe(b)
		must(t, err)
		q.PushAll(t.Context(), []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
		start := time.Now()
		err = p.Run(t.Context())
		t.Logf("c handled %d of 10, Run took %v: %v", n.Load(), time.Since(start), err)
		if time.Since(start) > time.Minute {
			t.Error("Run idles until Grace is up")
		}
	})
}

func TestADrainIsNoFailureOfAPermanentStage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Hook: func(n stage.Notice) {
			if _, is := n.(stage.Unsubscribed); is {
				time.Sleep(time.Millisecond)
			}
		}})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{OnEnd: stage.Permanent})
		_, err := c.Subscribe(q)
		must(t, err)
		r := served(t.Context(), p.Run)
		synctest.Wait()
		err = p.Drain(t.Context())
		t.Log("drain:", err)
		if err := <-r; err != nil {
			t.Errorf("Run after a drain in order: %v", err)
		}
	})
}

func TestNobodyAsksForMoreThanThereIs(t *testing.T) {
	p := stage.New("p", stage.Config{})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
	c := stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{})
	s, err := c.Subscribe(q, stage.Manual())
	must(t, err, s.Ask(1))
	err = s.Ask(math.MaxInt)
	t.Log(err, s.Pending())
	if err == nil {
		t.Error("Ask(MaxInt) accepted, pending", s.Pending())
	}
}

func TestAnAgeWithoutEndIsNone(t *testing.T) {
	p := stage.New("p", stage.Config{})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
	b := stage.NewBatcher(p, "b", stage.BatcherConfig[string, int]{MaxAge: math.MaxInt64, Size: 100})
	_, err := b.Subscribe(q)
	must(t, err)
	c := stage.NewConsumer(p, "c", func(ctx context.Context, b stage.Batch[string, int]) error { return nil }, stage.ConsumerConfig[stage.Batch[string, int]]{})
	_, err = c.Subscribe(b)
	must(t, err)
	go c.Serve(t.Context())
	go b.Serve(t.Context())
	q.Push(t.Context(), 1)
	time.Sleep(50 * time.Millisecond)
	var was, is runtime.MemStats
	runtime.ReadMemStats(&was)
	time.Sleep(200 * time.Millisecond)
	runtime.ReadMemStats(&is)
	if n := is.Mallocs - was.Mallocs; n > 2000 {
		t.Errorf("%d allocations in 200 ms of rest: it spins", n)
	}
}

func TestALoopEndsWithItsContextInTheMidstOfASlice(t *testing.T) {
	p := stage.New("p", stage.Config{})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
	for i := range 500 {
		q.Push(t.Context(), i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range stage.Stream(ctx, stage.Outlet[int](q), stage.Demand(500, 0)) {
		if err != nil {
			t.Log(err)
			continue
		}
		n++
		cancel()
	}
	t.Log("left", q.Len())
	if n > 1 {
		t.Errorf("%d events yielded, %d after ctx ended", n, n-1)
	}
}

func TestAnEndedBroadcastKeepsNoBranch(t *testing.T) {
	p := stage.New("p", stage.Config{})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
	b := stage.NewBroadcast[int](p, "b", stage.BroadcastConfig{})
	_, err := b.Subscribe(q)
	must(t, err)
	q.Close()
	must(t, p.Run(t.Context()))
	for range 100 {
		for range stage.Stream(t.Context(), stage.Outlet[int](b)) {
		}
	}
	if n := len(p.Snapshot().Outlets); n > 5 {
		t.Errorf("%d outlets after 100 loops", n)
	}
}

func TestADeadLetterWithoutAKeyIsOnlyCounted(t *testing.T) {
	p := stage.New("p", stage.Config{})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
	var n atomic.Int64
	c := stage.NewConsumer(p, "c", func(context.Context, int) error { n.Add(1); return errAlways }, stage.ConsumerConfig[int]{OnError: always(stage.DeadLetter)})
	_, err := c.Subscribe(q)
	must(t, err)
	stage.Partition(c.DeadLetters(), stage.PartitionConfig[stage.Failure[int]]{Key: func(stage.Failure[int]) uint64 { panic("x") }})
	go c.Serve(t.Context())
	q.Push(t.Context(), 1)
	time.Sleep(50 * time.Millisecond)
	if n.Load() > 3 {
		t.Errorf("one event was handled %d times in 50 ms", n.Load())
	}
}
