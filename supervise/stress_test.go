package supervise_test

import (
	"context"
	"errors"
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
