package stage_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

var graphsToRun = flag.Uint64("graphs", 150, "how many random graphs the property test runs")

// Random trees of transforms, batchers, broadcasts and partitions, with handlers that
// take their time and fail, settings that change, and in every second one stages that
// are killed: each event comes to each of its ends as often as the way there makes of
// it, or, where stages are killed, at least so often. stagetest checks the laws at
// every rest.
func TestRandomGraphsBringEachEventToEachOfItsEnds(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+*graphsToRun; seed++ {
		ok := t.Run("", func(t *testing.T) { growGraph(t, seed) })
		if !ok {
			t.Fatalf("seed %d", seed)
		}
	}
}

// garden is one random graph.
type garden struct {
	*stagetest.Bubble
	roll   func(int) int
	kills  bool
	names  int
	roots  int
	stages []grown
	subs   []change
	ends   []*leaf
}

// grown is a stage with what can be done to it.
type grown struct {
	stage  stage.Stage
	resize func(int) error // nil: it has no workers
}

// change is a subscription with what its outlet allows.
type change struct {
	sub  *stage.Subscription
	lazy bool
}

// leaf is an end of the graph: how often each event should come, and came.
type leaf struct {
	name string
	want func(n int) int
	mu   sync.Mutex // guards came
	came map[int]int
}

func growGraph(t *testing.T, seed uint64) {
	stagetest.Run(t, stage.Config{Logger: slog.New(slog.DiscardHandler), Grace: 1000 * time.Hour}, func(b *stagetest.Bubble) {
		g := &garden{Bubble: b, roll: dice(seed), kills: seed%2 == 0}
		g.roots = 40 + g.roll(100)
		seeds := stage.NewQueue[int](b.Pipeline, "seeds", stage.QueueConfig{Buffer: 1 + g.roll(30)})
		g.stages = append(g.stages, grown{seeds, nil})
		g.grow(seeds, func(int) int { return 1 }, 3, false)
		feed := b.Go(func(ctx context.Context) error {
			defer seeds.Close()
			for n := range g.roots {
				g.pause(2)
				if err := seeds.Push(ctx, n); err != nil {
					return err
				}
			}
			return nil
		})
		g.live(feed)
		for _, l := range g.ends {
			g.check(l)
		}
	})
}

// live runs the graph to its end, while things are done to it.
func (g *garden) live(feed *stagetest.Task) {
	var over func() error
	if g.kills {
		over = g.supervise()
	} else {
		over = g.Start().Wait
	}
	for range 20 {
		g.Advance(time.Duration(g.roll(20)) * ms)
		g.meddle()
	}
	g.Pipeline.Resume()
	for _, c := range g.subs {
		_ = c.sub.Set(stage.Rate(0, 0)) // it may be over
	}
	expectErr(g, "feed", feed.Wait(), nil)
	expectErr(g, "end", over(), nil)
}

func (g *garden) meddle() {
	s := g.stages[g.roll(len(g.stages))]
	c := g.subs[g.roll(len(g.subs))]
	switch g.roll(5) {
	case 0:
		g.Pipeline.Pause()
	case 1:
		g.Pipeline.Resume()
	case 2:
		_ = c.sub.Set(g.options(c.lazy)...)
	default:
		if s.resize != nil {
			must(g.T, s.resize(1+g.roll(5)))
		}
	}
}

// supervise serves each stage, and kills and serves it again now and then.
func (g *garden) supervise() (over func() error) {
	var all sync.WaitGroup
	calm := make(chan struct{})
	for _, s := range g.stages {
		all.Go(func() {
			for {
				ctx, kill := context.WithCancelCause(context.Background())
				dies := time.AfterFunc(time.Duration(1+g.roll(60))*ms, func() {
					select {
					case <-calm:
					default:
						kill(errKilled)
					}
				})
				err := s.stage.Serve(ctx)
				dies.Stop()
				if kill(nil); !errors.Is(err, errKilled) {
					return
				}
			}
		})
	}
	return func() error {
		close(calm)
		all.Wait()
		return nil
	}
}

func (g *garden) check(l *leaf) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := range g.roots {
		came, want := l.came[n], l.want(n)
		if came != want && !(g.kills && want > 0 && came > want) {
			g.Fatalf("%s: event %d came %d times, want %d", l.name, n, came, want)
		}
	}
}

func (g *garden) name(kind string) string {
	g.names++
	return fmt.Sprintf("%s%d", kind, g.names)
}

func (g *garden) pause(most int) {
	if d := g.roll(most + 1); d > 0 {
		time.Sleep(time.Duration(d) * ms)
	}
}

// works takes its time and fails now and then, before it has done anything.
func (g *garden) works(ctx context.Context) error {
	g.pause(2)
	if g.roll(15) == 0 {
		return errAlways
	}
	return context.Cause(ctx)
}

func again[T any](g *garden) func(stage.Failure[T]) stage.Verdict {
	return func(stage.Failure[T]) stage.Verdict { return stage.RetryAfter(time.Duration(g.roll(4)) * ms) }
}

func consumer[T any](g *garden) stage.ConsumerConfig[T] {
	return stage.ConsumerConfig[T]{Workers: 1 + g.roll(4), OnError: again[T](g)}
}

// options are how a subscription gets its events.
func (g *garden) options(onlyLazy bool) []stage.SubOption {
	opts := []stage.SubOption{stage.Lazy(g.roll(20), 0)}
	if !onlyLazy && g.roll(2) == 0 {
		most := 1 + g.roll(20)
		opts[0] = stage.Demand(most, g.roll(most))
	}
	if g.roll(4) == 0 {
		opts = append(opts, stage.Rate(float64(200+g.roll(2000)), 1+g.roll(5)))
	}
	return opts
}

// graft subscribes a stage, and keeps what can be changed.
func graft[T any](g *garden, to stagetest.Taker[T], o stage.Outlet[T], onlyLazy bool, more ...stage.SubOption) {
	g.Helper()
	g.subs = append(g.subs, change{stagetest.Subscribe(g, to, o, append(g.options(onlyLazy), more...)...), onlyLazy})
}

// grow lets something take from o, of which each event comes want times.
func (g *garden) grow(o stage.Outlet[int], want func(int) int, depth int, broadcasts bool) {
	onlyLazy := false
	if !broadcasts && g.roll(3) == 0 {
		o = stage.Partition(o, stage.PartitionConfig[int]{Key: func(n int) uint64 { return uint64(n % 7) }, Partitions: 1 + g.roll(9), Buffer: 1 + g.roll(9)})
		onlyLazy = true
	}
	kind := 0
	if depth > 0 {
		kind = g.roll(4)
	}
	switch kind {
	case 0:
		g.end(o, want, onlyLazy)
	case 1:
		g.transform(o, want, depth, onlyLazy)
	case 2:
		g.batch(o, want, depth, onlyLazy)
	case 3:
		g.broadcast(o, want, depth, onlyLazy)
	}
}

// end lets one or two stages that compete take the events.
func (g *garden) end(o stage.Outlet[int], want func(int) int, onlyLazy bool) {
	l := &leaf{name: g.name("end"), want: want, came: map[int]int{}}
	g.ends = append(g.ends, l)
	handle := func(ctx context.Context, evs ...int) error {
		if err := g.works(ctx); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, n := range evs {
			l.came[n]++
		}
		return nil
	}
	one := func(ctx context.Context, n int) error { return handle(ctx, n) }
	most := 2
	if _, broadcasts := o.(*stage.Broadcast[int]); broadcasts {
		most = 1
	}
	for range 1 + g.roll(most) {
		switch name := g.name("c"); g.roll(3) {
		case 0:
			c := stage.NewConsumer(g.Pipeline, name, one, consumer[int](g))
			graft(g, c, o, onlyLazy)
			g.stages = append(g.stages, grown{c, c.Resize})
		case 1:
			c := stage.NewSliceConsumer(g.Pipeline, name, func(ctx context.Context, evs []int) error { return handle(ctx, evs...) }, consumer[int](g))
			graft(g, c, o, onlyLazy)
			g.stages = append(g.stages, grown{c, c.Resize})
		case 2:
			s := stage.NewSpawner(g.Pipeline, name, one, stage.SpawnerConfig[int]{Max: 1 + g.roll(5), OnError: again[int](g)})
			graft(g, s, o, onlyLazy)
			g.stages = append(g.stages, grown{s, s.Resize})
		}
	}
}

// transform makes none, one or several of each.
func (g *garden) transform(o stage.Outlet[int], want func(int) int, depth int, onlyLazy bool) {
	times := func(n int) int { return n % (2 + depth) }
	cfg := stage.TransformConfig[int]{Workers: 1 + g.roll(4), OnError: again[int](g), Buffer: 1 + g.roll(10)}
	emits := func(n int, emit emit) error {
		for range times(n) {
			if err := emit(n); err != nil {
				return err
			}
		}
		return nil
	}
	var tr *stage.Transform[int, int]
	if g.roll(2) == 0 {
		tr = stage.NewTransform(g.Pipeline, g.name("t"), func(ctx context.Context, n int, emit emit) error {
			if err := g.works(ctx); err != nil {
				return err
			}
			return emits(n, emit)
		}, cfg)
	} else {
		tr = stage.NewSliceTransform(g.Pipeline, g.name("t"), func(ctx context.Context, evs []int, emit emit) error {
			if err := g.works(ctx); err != nil {
				return err
			}
			for _, n := range evs {
				if err := emits(n, emit); err != nil {
					return err
				}
			}
			return nil
		}, cfg)
	}
	graft(g, tr, o, onlyLazy)
	g.stages = append(g.stages, grown{tr, tr.Resize})
	g.grow(tr, func(n int) int { return want(n) * times(n) }, depth-1, false)
}

// batch gathers, and takes apart again.
func (g *garden) batch(o stage.Outlet[int], want func(int) int, depth int, onlyLazy bool) {
	b := stage.NewBatcher(g.Pipeline, g.name("b"), stage.BatcherConfig[int, int]{
		Key: func(n int) int { return n % 5 }, Size: 1 + g.roll(8), MaxAge: time.Duration(1+g.roll(30)) * ms,
		MaxOpen: 1 + g.roll(5), Buffer: 1 + g.roll(4),
	})
	graft(g, b, o, onlyLazy)
	apart := stage.NewTransform(g.Pipeline, g.name("apart"), func(ctx context.Context, l stage.Batch[int, int], emit emit) error {
		if err := g.works(ctx); err != nil {
			return err
		}
		for _, n := range l.Events {
			if n%5 != l.Key {
				g.Errorf("event %d in batch %d", n, l.Key)
			}
			if err := emit(n); err != nil {
				return err
			}
		}
		return nil
	}, stage.TransformConfig[stage.Batch[int, int]]{Workers: 1 + g.roll(4), OnError: again[stage.Batch[int, int]](g), Buffer: 1 + g.roll(10)})
	graft(g, apart, b, false)
	g.stages = append(g.stages, grown{b, nil}, grown{apart, apart.Resize})
	g.grow(apart, want, depth-1, false)
}

func (g *garden) broadcast(o stage.Outlet[int], want func(int) int, depth int, onlyLazy bool) {
	b := stage.NewBroadcast[int](g.Pipeline, g.name("all"), stage.BroadcastConfig{Buffer: 1 + g.roll(20)})
	graft(g, b, o, onlyLazy)
	g.stages = append(g.stages, grown{b, nil})
	for range 1 + g.roll(3) {
		g.grow(b, want, depth-1, true)
	}
}
