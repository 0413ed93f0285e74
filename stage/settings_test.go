package stage_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// taken says that a setting was either refused, with the right error and
// without effect, or taken; and which.
func taken(t *testing.T, what string, err error, wanted bool) {
	t.Helper()
	_, refused := errors.AsType[*stage.SettingError](err)
	if err != nil && !refused {
		t.Fatalf("%s: %v is no *SettingError", what, err)
	}
	if (err == nil) != wanted {
		t.Fatalf("%s: %v", what, err)
	}
}

// unchanged says that nothing of a pipeline has changed since before, but time.
func unchanged(t *testing.T, what string, before, after stage.Snapshot) {
	t.Helper()
	for _, s := range []*stage.Snapshot{&before, &after} {
		s.At = time.Time{}
		for i := range s.Outlets {
			s.Outlets[i].Oldest, s.Outlets[i].RateIn, s.Outlets[i].RateOut = 0, 0, 0
		}
	}
	if !reflect.DeepEqual(before, after) {
		t.Fatalf("%s was refused and changed something:\n%+v\n%+v", what, before, after)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func FuzzSettings(f *testing.F) {
	f.Add(0, 0, 0, 0, int64(0), uint8(0))
	f.Add(1, 0, 1024, 1, int64(time.Millisecond), uint8(1))
	f.Add(10_000_000, 999_999, 1_000_000, 1_000_000, int64(math.MaxInt64), uint8(2))
	f.Add(10_000_001, 1_000_000, 1025, 1_000_001, int64(-1), uint8(3))
	f.Add(-1, -1, -1, -1, int64(math.MinInt64), uint8(255))
	f.Fuzz(func(t *testing.T, buffer, least, most, workers int, target int64, overflow uint8) {
		checkConstructors(t, buffer, workers, least, overflow)
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{Buffer: 5})
		c := stage.NewSliceConsumer(p, "c", func(context.Context, []int) error { return nil }, stage.ConsumerConfig[int]{Workers: 2})
		s := stage.NewSpawner(p, "s", func(context.Context, int) error { return nil }, stage.SpawnerConfig[int]{Max: 3, Refill: 2})
		sub, err := c.Subscribe(q, stage.Demand(7, 3))
		_, err2 := s.Subscribe(q)
		if err := errors.Join(err, err2, p.Err(), q.TryPush(1)); err != nil {
			t.Fatal(err)
		}
		for _, change := range []struct {
			what string
			do   func() error
			good bool
		}{
			{"Queue.Set", func() error {
				return q.Set(stage.QueueConfig{Buffer: buffer, Overflow: stage.OverflowMode(overflow), OnDrop: func(int) {}})
			}, buffer >= 0 && buffer <= 10_000_000 && overflow <= uint8(stage.DropNewest)},
			{"Queue.Set without OnDrop", func() error {
				return q.Set(stage.QueueConfig{Overflow: stage.OverflowMode(overflow)})
			}, overflow == uint8(stage.Refuse)},
			{"Consumer.Resize", func() error { return c.Resize(workers) }, workers >= 1 && workers <= 1_000_000},
			{"Spawner.Resize", func() error { return s.Resize(workers) }, workers >= 1 && workers <= 1_000_000},
			{"Spawner.SetSlots", func() error { return s.SetSlots(workers, least) }, workers >= 1 && workers <= 1_000_000 && least >= 0},
			{"Set(Demand)", func() error { return sub.Set(stage.Demand(most, least)) },
				most >= 1 && most <= stage.MaxDemand && least >= 0 && least < most},
			{"Set(Lazy)", func() error { return sub.Set(stage.Lazy(most, time.Duration(target))) },
				most >= 0 && most <= 1024 && target >= 0},
			{"Set of both", func() error { return sub.Set(stage.Demand(most, least), stage.Lazy(most, time.Duration(target))) },
				most >= 1 && most <= 1024 && target >= 0 && least >= 0 && least < most},
			{"Subscribe with Demand", func() error { _, err := s.Subscribe(q, stage.Demand(most, least)); return err },
				most >= 1 && most <= stage.MaxDemand && least >= 0 && least < most},
			{"Subscribe with Lazy", func() error { _, err := s.Subscribe(q, stage.Lazy(most, time.Duration(target))); return err },
				most >= 0 && most <= 1024 && target >= 0},
		} {
			before := p.Snapshot()
			err := change.do()
			taken(t, change.what, err, change.good)
			if err != nil {
				unchanged(t, change.what, before, p.Snapshot())
			}
		}
		works(t, p, q)
	})
}

// checkConstructors: what is wrong with a stage is said by Err and by its Serve.
func checkConstructors(t *testing.T, buffer, workers, refill int, overflow uint8) {
	p := stage.New("p", stage.Config{Logger: quiet()})
	q := stage.NewQueue[int](p, "q", stage.QueueConfig{Buffer: buffer, Overflow: stage.OverflowMode(overflow), OnDrop: func(int) {}})
	taken(t, "NewQueue", p.Err(), buffer >= 0 && buffer <= 10_000_000 && overflow <= uint8(stage.DropNewest))
	refused(t, p, q.Serve)

	p = stage.New("p", stage.Config{Logger: quiet()})
	c := stage.NewConsumer(p, "c", func(context.Context, int) error { return nil }, stage.ConsumerConfig[int]{Workers: workers})
	taken(t, "NewConsumer", p.Err(), workers >= 0 && workers <= 1_000_000)
	refused(t, p, c.Serve)

	p = stage.New("p", stage.Config{Logger: quiet()})
	s := stage.NewSpawner(p, "s", func(context.Context, int) error { return nil }, stage.SpawnerConfig[int]{Max: workers, Refill: refill})
	taken(t, "NewSpawner", p.Err(), workers >= 0 && workers <= 1_000_000 && refill >= 0)
	refused(t, p, s.Serve)
}

func refused(t *testing.T, p *stage.Pipeline, serve func(context.Context) error) {
	if p.Err() == nil {
		return
	}
	taken(t, "Serve", serve(context.Background()), false)
	taken(t, "Run", p.Run(context.Background()), false)
}

// works: whatever was set, the one event comes out.
func works(t *testing.T, p *stage.Pipeline, q *stage.Queue[int]) {
	if s := p.Snapshot(); s.Stages[1].Target > 100 {
		return // workers are goroutines: too many for a fuzzer
	}
	q.Close()
	if err := p.Run(context.Background()); err != nil {
		t.Fatalf("Run: %v", err)
	}
	if o := p.Snapshot().Outlets[0]; o.Done != 1 || o.InSystem() != 0 {
		t.Fatalf("%d done, %d left", o.Done, o.InSystem())
	}
}
