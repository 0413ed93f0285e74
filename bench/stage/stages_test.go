package bench_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// taking is the taking side of a pipeline: what its consumers are.
type taking struct {
	name      string
	consumers int // 0: 1
	workers   int // of each; 0: 1
	single    bool
	spawner   int // its Max, in the place of consumers
	by        []stage.SubOption
}

// crew is made of a taking: its subscriptions, and what its handlers have seen.
type crew struct {
	subs    []*stage.Subscription
	tallies []tally
	seen    *crowd // by many workers
}

// join makes the consumers and subscribes them to o.
func (k taking) join(p *stage.Pipeline, o stage.Outlet[event]) (*crew, error) {
	c := &crew{tallies: make([]tally, max(1, k.consumers))}
	if k.workers > 1 || k.spawner > 0 {
		c.seen = new(crowd)
	}
	for i := range c.tallies {
		s, err := k.consumer(p, fmt.Sprint(k.name, "consumer-", i+1), c, &c.tallies[i]).Subscribe(o, k.by...)
		if err != nil {
			return nil, err
		}
		c.subs = append(c.subs, s)
	}
	return c, nil
}

type subscriber interface {
	Subscribe(stage.Outlet[event], ...stage.SubOption) (*stage.Subscription, error)
}

func (k taking) consumer(p *stage.Pipeline, name string, c *crew, t *tally) subscriber {
	cfg := stage.ConsumerConfig[event]{Workers: k.workers}
	crowded := func(_ context.Context, ev event) error { c.seen.addOne(ev); return nil }
	switch {
	case k.spawner > 0:
		return stage.NewSpawner(p, name, crowded, stage.SpawnerConfig[event]{Max: k.spawner})
	case k.single && c.seen != nil:
		return stage.NewConsumer(p, name, crowded, cfg)
	case k.single:
		return stage.NewConsumer(p, name, func(_ context.Context, ev event) error { t.addOne(ev); return nil }, cfg)
	case c.seen != nil:
		return stage.NewSliceConsumer(p, name, func(_ context.Context, evs []event) error { c.seen.add(evs); return nil }, cfg)
	default:
		return stage.NewSliceConsumer(p, name, func(_ context.Context, evs []event) error { t.add(evs); return nil }, cfg)
	}
}

func (c *crew) done() {
	for _, s := range c.subs {
		<-s.Done()
	}
}

func (c *crew) check(n int) error {
	if c.seen != nil {
		return c.seen.check(n)
	}
	return checkAll(c.tallies, n)
}

// idlers is how many workers wait when nothing is to do.
func (k taking) idlers() int {
	if k.spawner > 0 {
		return 1
	}
	return max(1, k.consumers) * max(1, k.workers)
}

// counting is a source of the events 0 … n-1, which begins when it is let.
type counting struct {
	let   chan struct{}
	at, n uint64
}

func (s *counting) Fetch(_ context.Context, dst []event) (int, error) {
	if s.at == 0 {
		<-s.let
	}
	n := min(uint64(len(dst)), s.n-s.at)
	fill(dst[:n], s.at)
	s.at += n
	if s.at == s.n {
		return int(n), io.EOF
	}
	return int(n), nil
}

// produced moves events from a producer to takers. Beside may do something while
// they move.
func produced(k taking, buffer int, beside func(p *stage.Pipeline) (stop func())) flow {
	return func(w *stopwatch, n int) error {
		p := stage.New("bench", stage.Config{})
		from := &counting{let: make(chan struct{}), n: uint64(n)}
		out := stage.NewProducer(p, "producer", from, stage.ProducerConfig{Buffer: buffer})
		c, err := k.join(p, out)
		if err != nil {
			return err
		}
		ran := make(chan error, 1)
		go func() { ran <- p.Run(context.Background()) }()
		err = ready(p, k.idlers())
		stop := func() {}
		if beside != nil {
			stop = beside(p)
		}
		w.start()
		close(from.let)
		c.done()
		w.stop()
		stop()
		return errors.Join(err, <-ran, c.check(n))
	}
}

// ready waits until so many workers do.
func ready(p *stage.Pipeline, idlers int) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Microsecond) {
		o := p.Snapshot().Outlets[0]
		idle := o.Idle
		for _, s := range o.Subscriptions {
			idle += s.Idle
		}
		if idle == idlers {
			return nil
		}
	}
	return errors.New("not all workers wait after 10 s")
}

// push puts the events from … to-1 into a queue.
type push func(ctx context.Context, q *stage.Queue[event], from, to uint64) error

func pushEach(ctx context.Context, q *stage.Queue[event], from, to uint64) error {
	for ; from < to; from++ {
		if err := q.Push(ctx, nth(from)); err != nil {
			return err
		}
	}
	return nil
}

// tryEach gives others a chance when the queue is full.
func tryEach(_ context.Context, q *stage.Queue[event], from, to uint64) error {
	for from < to {
		switch err := q.TryPush(nth(from)); err {
		case nil:
			from++
		case stage.ErrFull:
			runtime.Gosched()
		default:
			return err
		}
	}
	return nil
}

func pushAll(size int) push {
	return func(ctx context.Context, q *stage.Queue[event], from, to uint64) error {
		for evs := make([]event, size); from < to; from += uint64(len(evs)) {
			evs = evs[:min(uint64(size), to-from)]
			fill(evs, from)
			if _, err := q.PushAll(ctx, evs); err != nil {
				return err
			}
		}
		return nil
	}
}

// pushed moves events from pushers through a queue to takers.
func pushed(pushers, buffer int, put push, k taking) flow {
	return func(w *stopwatch, n int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		p := stage.New("bench", stage.Config{})
		q := stage.NewQueue[event](p, "queue", stage.QueueConfig{Buffer: buffer})
		c, err := k.join(p, q)
		if err != nil {
			return err
		}
		ran := make(chan error, 1)
		go func() { ran <- p.Run(context.Background()) }()
		err = ready(p, k.idlers())
		failed := make([]error, pushers)
		var senders sync.WaitGroup
		w.start()
		for i := range pushers {
			senders.Go(func() {
				from, to := part(i, pushers, n)
				failed[i] = put(ctx, q, from, to)
			})
		}
		senders.Wait()
		q.Close()
		c.done()
		w.stop()
		return errors.Join(err, errors.Join(failed...), <-ran, c.check(n))
	}
}
