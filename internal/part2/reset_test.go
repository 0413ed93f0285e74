package part2_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
)

func TestAResetBeginsAnEpochInOneStepAndTouchesNoWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(consumers(2), buffer(20), demand(4)), half)
		synctest.Wait()
		c.enqueue(20)
		c.pass(1250 * time.Millisecond) // 4 are done, 16 in the system
		c.enqueue(100)                  // 12 of them are accepted
		before := c.law()
		total := c.Snapshot().Total
		c.Reset()
		v := c.law()
		rest := uint64(before.InSystem)
		if v.Enqueued != rest || v.Done != 0 || v.Failed != 0 || v.Dropped != 0 || v.Rejected != 0 {
			t.Errorf("%+v", v)
		}
		if v.InHand != before.InHand || v.InBuffer != before.InBuffer || v.InInboxes != before.InInboxes {
			t.Errorf("%+v\n%+v", before, v)
		}
		for _, times := range []part2.Times{v.LatencyMS, v.BufferWaitMS, v.InboxWaitMS, v.ServiceMS} {
			if times != (part2.Times{}) {
				t.Errorf("%+v", times)
			}
		}
		if last, weighted := c.Means(); last != 0 || weighted != 0 {
			t.Errorf("means %v and %v", last, weighted)
		}
		for _, one := range v.Consumers {
			if one.Done != 0 || one.Busy != 1 {
				t.Errorf("%+v", one)
			}
		}
		if got := c.Snapshot().Total; got != total || got.Rejected == 0 {
			t.Errorf("%+v, before it %+v", got, total)
		}
		v = c.pass(300 * time.Millisecond) // what was in hand is finished at 1.5 s
		if v.Done != 2 || v.LatencyMS.Count != 2 || v.ServiceMS.Mean != 500 || v.LatencyMS.Max != 1500 {
			t.Errorf("%+v", v)
		}
		if last, weighted := c.Means(); last != 1500*time.Millisecond || weighted != last {
			t.Errorf("means %v and %v", last, weighted)
		}
		c.empty()
		c.settled(int(total.Enqueued))
	})
}

func TestTheTotalNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(consumers(2), buffer(10), func(s *part2.Settings) { s.Overflow, s.Attempts = part2.DropOldest, 2 }, demand(1)), half)
		c.fails(5, failures["an error"])
		synctest.Wait()
		watch := watch{}
		for range 60 {
			c.enqueue(2)
			watch.look(t, c.Snapshot().Total)
			c.Reset()
			watch.look(t, c.Snapshot().Total)
			c.pass(70 * time.Millisecond)
			watch.look(t, c.Snapshot().Total)
		}
		c.empty()
		total := watch.look(t, c.Snapshot().Total)
		if total.Enqueued != 120 || total.Dropped == 0 || total.Failed == 0 || total.Done+total.Failed+total.Dropped != 120 {
			t.Errorf("%+v", total)
		}
	})
}

// This one runs in real time, for the race detector.
func TestAResetIsOneStepForWhoeverLooksAtTheTime(t *testing.T) {
	c := open(t, all(supervisor(4), buffer(50)), 0)
	var oks atomic.Uint64
	var over atomic.Bool
	var clients, others sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range 1000 {
				if c.request("GET", "/part2/genstage").Code == 200 {
					oks.Add(1)
				}
			}
		})
	}
	others.Go(func() {
		for !over.Load() {
			c.Reset()
		}
	})
	others.Go(func() {
		watch := watch{}
		for !over.Load() {
			if broken := lawOf(c.View(0)); broken != "" {
				t.Error(broken)
			}
			watch.look(t, c.Snapshot().Total)
		}
	})
	clients.Wait()
	c.Drain(t.Context())
	over.Store(true)
	others.Wait()
	if total := c.Snapshot().Total; total.Enqueued != oks.Load() || total.Done != oks.Load() {
		t.Errorf("%d OK, %+v", oks.Load(), total)
	}
}

// watch sees to it that totals only grow.
type watch struct{ last part2.Counts }

func (w *watch) look(t testing.TB, now part2.Counts) part2.Counts {
	t.Helper()
	l := w.last
	if now.Enqueued < l.Enqueued || now.Done < l.Done || now.Failed < l.Failed || now.Dropped < l.Dropped || now.Rejected < l.Rejected || now.Retried < l.Retried {
		t.Errorf("the total went back from %+v to %+v", l, now)
	}
	w.last = now
	return now
}
