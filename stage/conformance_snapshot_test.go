package stage_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// load is a pipeline that is pushed, changed and restarted at random, while
// snapshots are taken.
type load struct {
	b      *stagetest.Bubble
	queue  *stage.Queue[int]
	rows   *stage.Producer[int]
	single *stage.Consumer[int]
	slices *stage.Consumer[int]
	tasks  *stage.Spawner[int]
	subs   []*stage.Subscription
	stop   context.CancelFunc
	ctx    context.Context
	group  sync.WaitGroup
}

func newLoad(b *stagetest.Bubble) *load {
	l := &load{b: b, queue: stage.NewQueue[int](b.Pipeline, "jobs", stage.QueueConfig{Buffer: 50})}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.rows = rows(b, stage.SourceFunc[int](func(_ context.Context, dst []int) (int, error) {
		if rand.IntN(20) == 0 {
			return 0, stagetest.ErrPlanned
		}
		return 1 + rand.IntN(len(dst)), nil
	}))
	handle := func(ctx context.Context, ev int) error {
		switch rand.IntN(20) {
		case 0:
			return stagetest.ErrPlanned
		case 1:
			panic("at random")
		case 2:
			runtime.Goexit()
		}
		return stagetest.Work[int](time.Duration(rand.IntN(1000))*time.Microsecond)(ctx, ev)
	}
	verdict := func(stage.Failure[int]) stage.Verdict {
		return []stage.Verdict{{}, stage.RetryAfter(0), stage.RetryAfter(ms), {Action: stage.DeadLetter}}[rand.IntN(4)]
	}
	p := b.Pipeline
	l.single = stage.NewConsumer(p, "single", handle, stage.ConsumerConfig[int]{Workers: 3, OnError: verdict})
	l.slices = stage.NewSliceConsumer(p, "slices", stagetest.Each(func(ctx context.Context, ev int) error {
		if rand.IntN(20) == 0 {
			return stagetest.ErrPlanned
		}
		return nil
	}), stage.ConsumerConfig[int]{Workers: 2, OnError: verdict})
	l.tasks = stage.NewSpawner(p, "tasks", handle, stage.SpawnerConfig[int]{Max: 5, OnError: verdict})
	for _, taker := range []stagetest.Taker[int]{l.single, l.slices, l.tasks} {
		l.subs = append(l.subs, stagetest.Subscribe[int](b, taker, l.queue), stagetest.Subscribe[int](b, taker, l.rows, stage.Demand(10, 5)))
	}
	return l
}

// often does something at random moments until the load stops.
func (l *load) often(most time.Duration, do func()) {
	l.group.Go(func() {
		for l.ctx.Err() == nil {
			time.Sleep(time.Duration(rand.Int64N(int64(most))))
			do()
		}
	})
}

// start lets everything happen that may.
func (l *load) start() {
	for range 3 {
		l.often(ms, func() { _ = l.queue.Push(l.ctx, 1) })
		l.often(ms, func() { _ = l.queue.TryPush(2) })
	}
	l.often(3*ms, func() { _, _ = l.queue.PushAll(l.ctx, stagetest.Ints(1, rand.IntN(80))) })
	l.often(5*ms, func() { _ = l.queue.Flush(l.ctx) })
	l.often(5*ms, func() { _ = l.queue.Do(l.ctx, 3) })
	l.often(10*ms, func() { _ = l.single.Resize(1 + rand.IntN(5)) })
	l.often(10*ms, func() { _ = l.tasks.SetSlots(1+rand.IntN(8), 1+rand.IntN(3)) })
	l.often(10*ms, l.queue.Rebalance)
	l.often(10*ms, func() { l.queue.Pause(); l.queue.Resume() })
	l.often(20*ms, func() { l.queue.Seal(); time.Sleep(ms); l.queue.Unseal() })
	l.often(5*ms, func() {
		how := []stage.SubOption{stage.Lazy(10, ms), stage.Demand(1, 0), stage.Demand(20, 10), stage.Demand(3, 2)}
		_ = l.subs[rand.IntN(len(l.subs))].Set(how[rand.IntN(len(how))])
	})
	for _, s := range []stagetest.Server{l.single, l.slices, l.tasks, l.rows} { // killed, and started again
		l.group.Go(func() {
			for l.ctx.Err() == nil {
				ctx, cancel := context.WithTimeoutCause(l.ctx, time.Duration(rand.IntN(50))*ms, errKilled)
				_ = s.Serve(ctx)
				cancel()
			}
		})
	}
}

func Test53_SnapshotLaws(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		l := newLoad(b)
		l.start()
		last := b.Pipeline.Snapshot()
		for i := range 10_000 {
			if i%5 == 0 { // the rest are taken while the others run
				time.Sleep(50 * time.Microsecond)
			}
			s := b.Pipeline.Snapshot()
			if err := stagetest.Laws(s, false); err != nil {
				b.Fatalf("snapshot %d: %v", i, err)
			}
			if err := stagetest.Monotone(last, s); err != nil {
				b.Fatalf("snapshot %d: %v", i, err)
			}
			last = s
			if i%100 == 0 {
				s = b.Rest()
				expect(b, "length", l.queue.Len(), s.Outlets[0].Buffer)
			}
		}
		l.stop()
		l.group.Wait()
		o := b.Outlet("jobs")
		if o.Done < 100 || o.Retried < 10 || o.Failed < 10 {
			b.Errorf("%d done, %d retried, %d failed: too little happened", o.Done, o.Retried, o.Failed)
		}
		expect(b, "in hand when all have ended", []int{o.Hands, o.Inboxes}, []int{0, 0})
	})
}
