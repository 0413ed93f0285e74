package resource_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
)

func worked(t *testing.T, m *resource.Mock, area, taken, cost float64) {
	t.Helper()
	w := m.Snapshot().Work
	for _, pair := range [][2]float64{{w.Area, area}, {w.Taken, taken}, {w.Cost, cost}} {
		if math.Abs(pair[0]-pair[1]) > 1e-6 {
			t.Errorf("worked %+v, want area %v, taken %v, cost %v", w, area, taken, cost)
			return
		}
	}
}

func TestTheAreaUnderInFlightIsWhatTheUsesTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, nil)
		c, ctx := m.Caller("a"), t.Context()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { c.Use(ctx) })
		}
		time.Sleep(200 * time.Millisecond)
		worked(t, m, 50*0.2, 0, 0) // nobody has ended; the area grows all the same
		all.Wait()
		worked(t, m, 25, 25, 25)
		cut, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		c.Use(cut)
		worked(t, m, 25.1, 25.1, 25) // it took its time, but not for what it was to cost
		m.Reset()
		worked(t, m, 0, 0, 0)
	})
}

func TestAResetInTheMidstCountsTheAreaFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, nil)
		var all sync.WaitGroup
		all.Go(func() { m.Caller("a").Use(t.Context()) })
		time.Sleep(300 * time.Millisecond)
		m.Reset()
		all.Wait()
		worked(t, m, 0.2, 0.2, 0.2)
	})
}

func TestAnyAreaIsTheSumOfItsUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Distribution, s.Limit, s.OnFull = resource.Lognormal, 7, resource.Wait })
		var all sync.WaitGroup
		for range 500 {
			all.Go(func() { m.Caller("a").Use(t.Context()) })
		}
		all.Wait()
		w := m.Snapshot().Work
		worked(t, m, w.Cost, w.Cost, w.Cost)
		if w.Cost < 100 || w.Cost > 500 {
			t.Errorf("500 uses of 500 ms on average cost %v s", w.Cost)
		}
	})
}

func TestTheTimesOfAPieceOfWorkAreToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit, s.OnFull = 1, resource.Wait })
		c := m.Caller("a")
		var all sync.WaitGroup
		all.Go(func() { c.Use(t.Context()) })
		synctest.Wait()
		if times, err := c.UseTimed(t.Context()); err != nil || times != (resource.Times{Waited: 500 * time.Millisecond, Took: 500 * time.Millisecond}) {
			t.Errorf("%+v, %v", times, err)
		}
		all.Wait()
		all.Go(func() { c.Use(t.Context()) })
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if times, err := c.UseTimed(short); err == nil || times != (resource.Times{Waited: 100 * time.Millisecond}) {
			t.Errorf("abandoned: %+v, %v", times, err)
		}
		all.Wait()
	})
}

func TestASampleTellsHowHighItWasSinceTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Latency = time.Millisecond })
		high := func() [2]int { s := m.Sample(); return [2]int{s.High, s.Caller("b").High} }
		high()
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() { m.Caller("a").Use(t.Context()) })
		}
		for range 10 {
			all.Go(func() { m.Caller("b").Use(t.Context()) })
		}
		all.Wait() // all over before the sample: a glance would see nothing
		if got := high(); got != [2]int{40, 10} {
			t.Errorf("%v", got)
		}
		if got := high(); got != [2]int{} {
			t.Errorf("then %v", got)
		}
		if s := m.Snapshot(); s.High != 0 || s.All.Peak != 40 {
			t.Errorf("a snapshot took %+v", s)
		}
	})
}
