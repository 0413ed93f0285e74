package stage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// chain is a pipeline of consumer, queue, consumer.
type chain struct {
	first, second *stage.Queue[int]
	parse         []*stage.Consumer[int]
	seen          stagetest.Record[int]
}

// newChain makes a chain with so many stages that feed its second queue.
func newChain(b *stagetest.Bubble, feeders int) *chain {
	c := &chain{first: stage.NewQueue[int](b.Pipeline, "first", stage.QueueConfig{})}
	var by []stage.Stage
	for i := range feeders {
		parse := one(b, fmt.Sprint("parse", i), func(ctx context.Context, n int) error {
			time.Sleep(time.Second)
			return c.second.Push(ctx, n)
		})
		stagetest.Subscribe(b, parse, c.first)
		c.parse = append(c.parse, parse)
		by = append(by, parse)
	}
	c.second = stage.NewQueue[int](b.Pipeline, "second", stage.QueueConfig{Buffer: 1, FedBy: by})
	stagetest.Subscribe(b, one(b, "index", c.seen.Handle("index", stagetest.Work[int](2*time.Second))), c.second)
	return c
}

func (c *chain) check(b *stagetest.Bubble) {
	b.Helper()
	expectOnce(b, "handled", c.seen.Done(), stagetest.Ints(1, 9))
	expect(b, "failed", b.Outlet("first").Failed, 0)
	expect(b, "refused", b.Outlet("second").Rejected, 0)
	expect(b, "state", b.Stage("index").State, stage.StateDone)
}

func TestAChainOfStagesLosesNothingInADrain(t *testing.T) {
	for _, feeders := range []int{1, 2} {
		inBubble(t, func(b *stagetest.Bubble) {
			c := newChain(b, feeders)
			stagetest.Push(b, c.first, stagetest.Ints(1, 9)...)
			run := b.Start()
			b.Advance(1500 * ms)
			expectErr(b, "run", run.Stop(errKilled), nil)
			c.check(b)
		})
	}
}

func TestAChainOfStagesThatAreServedOneByOneLosesNothingInADrain(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		c := newChain(b, 2)
		stagetest.Push(b, c.first, stagetest.Ints(1, 9)...)
		index := one(b, "index2", c.seen.Handle("index2", nil))
		stagetest.Subscribe(b, index, c.second)
		for _, parse := range c.parse {
			b.Serve(parse)
		}
		b.Serve(index)
		b.Drain()
		expectOnce(b, "handled", c.seen.Done(), stagetest.Ints(1, 9))
		expect(b, "refused", b.Outlet("second").Rejected, 0)
	})
}

func TestAChainOfStagesEndsInOrderWhenItsFirstQueueIsClosed(t *testing.T) {
	for _, feeders := range []int{1, 3} {
		inBubble(t, func(b *stagetest.Bubble) {
			c := newChain(b, feeders)
			stagetest.Push(b, c.first, stagetest.Ints(1, 9)...)
			run := b.Start()
			c.first.Close()
			expectErr(b, "run", run.Wait(), nil)
			c.check(b)
		})
	}
}

func TestAQueueClosesAfterTheLastOfThoseThatFeedIt(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		c := newChain(b, 2)
		b.Start()
		c.parse[0].Leave()
		b.Rest()
		expect(b, "after the first has left", b.Outlet("second").State, stage.OutletOpen)
		must(b.T, c.second.Set(stage.QueueConfig{Buffer: 5, FedBy: []stage.Stage{c.parse[0]}})) // who feeds it stays as it was
		b.Rest()
		expect(b, "after Set", b.Outlet("second").State, stage.OutletOpen)
		must(b.T, c.second.Set(stage.QueueConfig{}))
		c.parse[1].Leave()
		b.Rest()
		expect(b, "after the last has left", b.Outlet("second").State, stage.OutletEnded)
		expectErr(b, "push", c.second.TryPush(1), stage.ErrClosed)
	})
}

func TestAQueueThatNobodyFeedsClosesWhenADrainBegins(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := newChain(b, 1)
		stagetest.Push(b, c.first, 1)
		run := b.Start()
		drain := b.Go(b.Pipeline.Drain)
		expectErr(b, "push to the one", q.TryPush(1), stage.ErrClosed)
		expect(b, "the other", b.Outlet("second").State, stage.OutletOpen)
		expectErr(b, "drain", drain.Wait(), nil)
		expectErr(b, "run", run.Wait(), nil)
	})
}

func TestADrainEndsThoughAStageThatFeedsAQueueIsNotServed(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		idle := one(b, "idle", ok)
		second := stage.NewQueue[int](b.Pipeline, "second", stage.QueueConfig{FedBy: []stage.Stage{idle}})
		first := queueOf(b, stage.QueueConfig{})
		works := one(b, "works", stagetest.Work[int](time.Second))
		stagetest.Subscribe(b, idle, first)
		stagetest.Subscribe(b, works, first)
		taker := one(b, "taker", ok)
		stagetest.Subscribe(b, taker, second)
		stagetest.Push(b, first, 1)
		b.Serve(works)
		b.Serve(taker)
		b.Drain()
		expect(b, "ended at", stagetest.Elapsed(), time.Second)
	})
}

func TestAQueueFedByAStageThatHasLeftIsNotWaitedFor(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		gone := one(b, "gone", ok)
		gone.Leave()
		q := stage.NewQueue[int](b.Pipeline, "q", stage.QueueConfig{FedBy: []stage.Stage{gone}})
		stagetest.Subscribe(b, one(b, "c", ok), q)
		run := b.Start()
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
	})
}

func TestWhatCannotFeedAQueueIsRefused(t *testing.T) {
	p, other := stage.New("p", stage.Config{}), stage.New("other", stage.Config{})
	for i, by := range []stage.Stage{
		nil,
		stage.NewConsumer(other, "c", ok, stage.ConsumerConfig[int]{}),
		stage.NewQueue[int](p, "queue", stage.QueueConfig{}),
		stage.NewProducer(p, "producer", stagetest.Count(), stage.ProducerConfig{}),
	} {
		expectSetting(t, stage.NewQueue[int](p, fmt.Sprint("q", i), stage.QueueConfig{FedBy: []stage.Stage{by}}).TryPush(1))
	}
}
