package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/affluxlab/afflux/supervise"
)

// TestStartsStopsKillsAndSnapshotsAtOnceEndCleanly runs in real time, without a
// bubble: it is for the race detector.
func TestStartsStopsKillsAndSnapshotsAtOnceEndCleanly(t *testing.T) {
	for range 50 {
		below := tree(t, supervise.Config{Name: "below", MaxRestarts: 1 << 20, Children: []supervise.Child{
			{Name: "a", Service: waits}, {Name: "b", Service: waits, Restart: supervise.Temporary},
		}})
		tr := tree(t, supervise.Config{MaxRestarts: 1 << 20, Children: []supervise.Child{
			{Name: "below", Service: below}, {Name: "c", Service: waits, Restart: supervise.Transient},
		}})
		var others sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "below"} {
			others.Go(func() {
				for range 20 {
					if err := tr.Kill(name); err != nil && !errors.Is(err, supervise.ErrNotRunning) {
						t.Error(err)
					}
					tr.Snapshot()
				}
			})
		}
		for range 5 {
			if err := serve(tr)(); err != nil {
				t.Error(err)
			}
		}
		others.Wait()
	}
}

// TestAddsAndRemovesFromManyGoroutinesEndCleanly does the same with children that
// come and go, in all strategies.
func TestAddsAndRemovesFromManyGoroutinesEndCleanly(t *testing.T) {
	for round := range 30 {
		below := tree(t, supervise.Config{Name: "below", MaxRestarts: 1 << 20, Strategy: supervise.RestForOne})
		tr := tree(t, supervise.Config{
			MaxRestarts: 1 << 20,
			Strategy:    supervise.Strategy(round % 3),
			Children:    []supervise.Child{{Name: "below", Service: below}, worker("fixed")},
		})
		var others sync.WaitGroup
		for i := range 8 {
			others.Go(func() { comeAndGo(t, tr, below, fmt.Sprint("c", i%5)) })
		}
		for range 5 {
			stop := serve(tr)
			runtime.Gosched()
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
		stop := serve(tr) // so that all are there for the last of them
		others.Wait()
		for i := range 5 {
			_ = tr.Remove(fmt.Sprint("c", i))
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := tr.Snapshot(); len(n.Children) != 2 {
			t.Errorf("%d are left", len(n.Children))
		}
	}
}

// comeAndGo adds, kills and removes one name, as others do at the same time.
func comeAndGo(t *testing.T, tr, below *supervise.Tree, name string) {
	for i := range 30 {
		c := worker(name)
		c.Restart, c.Forget = supervise.Restart(i%3), i%2 == 0
		for _, err := range []error{
			tr.Add(c), tr.Kill(name), tr.Kill("fixed"), tr.Remove(name), below.Add(worker("below " + name)), below.Remove("below " + name),
		} {
			if err != nil && !errors.Is(err, supervise.ErrTaken) && !errors.Is(err, supervise.ErrNotFound) && !errors.Is(err, supervise.ErrNotRunning) {
				t.Error(err)
			}
		}
		tr.Snapshot()
	}
}

func TestOfManyServesAtOnceOneWins(t *testing.T) {
	tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: waits}}})
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() { errs <- tr.Serve(ctx) }()
	}
	for range cap(errs) - 1 {
		if err := <-errs; !errors.Is(err, supervise.ErrServing) {
			t.Error(err)
		}
	}
	cancel()
	if err := <-errs; err != nil {
		t.Error(err)
	}
}
