package stagetest

import (
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// dawn is when every bubble begins.
var dawn = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Elapsed is how much virtual time has passed in the bubble of the caller.
func Elapsed() time.Duration { return time.Since(dawn) }

// Rest waits until all goroutines of the bubble wait for time, for each other, or
// for the test; it lets no time pass. Then both laws must hold.
func (b *Bubble) Rest() stage.Snapshot {
	b.Helper()
	synctest.Wait()
	s := b.Pipeline.Snapshot()
	if err := Laws(s, true); err != nil {
		b.Errorf("at %v: %v", Elapsed(), err)
	}
	return s
}

// Advance lets d pass, and is Rest then.
func (b *Bubble) Advance(d time.Duration) stage.Snapshot {
	b.Helper()
	time.Sleep(d)
	return b.Rest()
}

// At lets time pass until so much of it has since the bubble began, and is Rest
// then.
func (b *Bubble) At(elapsed time.Duration) stage.Snapshot {
	b.Helper()
	if elapsed < Elapsed() {
		b.Fatalf("it is %v already, too late for %v", Elapsed(), elapsed)
	}
	return b.Advance(elapsed - Elapsed())
}

// Outlet is what a snapshot says now of the outlet of that name.
func (b *Bubble) Outlet(name string) stage.OutletSnapshot {
	b.Helper()
	o := b.Pipeline.Snapshot().Outlet(name)
	if o == nil {
		b.Fatalf("there is no outlet %q", name)
	}
	return *o
}

// Subscription is what a snapshot says now of the part that a stage has in an
// outlet. Of several, it is the first.
func (b *Bubble) Subscription(stageName, outlet string) stage.SubscriptionSnapshot {
	b.Helper()
	for _, s := range b.Outlet(outlet).Subscriptions {
		if s.Stage == stageName {
			return s
		}
	}
	b.Fatalf("%q has no subscription to %q", stageName, outlet)
	panic("unreachable")
}

// Stage is what a snapshot says now of the stage of that name.
func (b *Bubble) Stage(name string) stage.StageSnapshot {
	b.Helper()
	s := b.Pipeline.Snapshot().Stage(name)
	if s == nil {
		b.Fatalf("there is no stage %q", name)
	}
	return *s
}
