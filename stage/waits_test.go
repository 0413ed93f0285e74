package stage_test

import (
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// waits are what one event waited for, as Config.Observe told it.
type waits struct{ buffer, inbox time.Duration }

// observed runs f and returns the waits of all events, in the order of their
// calls, of a consumer of one worker.
func observed(t *testing.T, f func(b *stagetest.Bubble)) (seen []waits) {
	stagetest.Run(t, stage.Config{Observe: func(h stage.Handled) {
		seen = append(seen, waits{h.BufferWait, h.InboxWait})
	}}, f)
	return seen
}

func TestWhatIsAskedForOneByOneWaitsInTheBufferAlone(t *testing.T) {
	seen := observed(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](time.Second)), q, stage.Demand(1, 0))
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 4)...)
		b.Advance(time.Hour)
		o := b.Outlet("jobs")
		expect(b, "buffer waits", o.BufferWait.Sum, (0+1+2+3)*time.Second)
		expect(b, "the longest", o.BufferWait.Max, 3*time.Second)
		expect(b, "inbox waits", o.InboxWait.Sum, 0)
	})
	expect(t, "waits", seen, []waits{{0, 0}, {time.Second, 0}, {2 * time.Second, 0}, {3 * time.Second, 0}})
}

func TestWhatIsAskedForAheadWaitsInBoth(t *testing.T) {
	seen := observed(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](time.Second)), q, stage.Demand(2, 1))
		b.Start()
		stagetest.Push(b, q, stagetest.Ints(1, 4)...)
		b.Advance(time.Hour)
		o := b.Outlet("jobs")
		expect(b, "buffer waits", o.BufferWait.Sum, (0+0+1+2)*time.Second)
		expect(b, "inbox waits", o.InboxWait.Sum, (0+1+1+1)*time.Second)
	})
	expect(t, "waits", seen, []waits{{0, 0}, {0, time.Second}, {time.Second, time.Second}, {2 * time.Second, time.Second}})
}

func TestABacklogHasWaitedInTheBufferUntilItsStageIsServed(t *testing.T) {
	for _, demand := range []struct {
		opt           stage.SubOption
		buffer, inbox time.Duration // of all three together
	}{
		{stage.Lazy(0, 0), (10 + 11 + 12) * time.Second, 0},
		{stage.Demand(1, 0), (10 + 11 + 12) * time.Second, 0},
		{stage.Demand(2, 1), (10 + 10 + 11) * time.Second, (0 + 1 + 1) * time.Second},
		{stage.Demand(9, 1), (10 + 10 + 10) * time.Second, (0 + 1 + 2) * time.Second},
	} {
		inBubble(t, func(b *stagetest.Bubble) {
			q := queueOf(b, stage.QueueConfig{})
			stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](time.Second)), q, demand.opt)
			stagetest.Push(b, q, 1, 2, 3)
			b.Advance(10 * time.Second)
			b.Start()
			b.Advance(time.Hour)
			o := b.Outlet("jobs")
			expect(b, "buffer waits", o.BufferWait.Sum, demand.buffer)
			expect(b, "inbox waits", o.InboxWait.Sum, demand.inbox)
		})
	}
}

func TestAPauseIsAWaitInTheBuffer(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", ok), q, stage.Demand(4, 2))
		b.Start()
		q.Pause()
		stagetest.Push(b, q, 1)
		b.Advance(5 * time.Second)
		q.Resume()
		b.Rest()
		o := b.Outlet("jobs")
		expect(b, "buffer wait", o.BufferWait.Sum, 5*time.Second)
		expect(b, "inbox wait", o.InboxWait.Sum, 0)
	})
}
