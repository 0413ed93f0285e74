package supervise_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/affluxlab/afflux/supervise"
)

func TestAHookMayTakeASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr *supervise.Tree
		var seen supervise.State
		tr = tree(t, supervise.Config{
			Children: []supervise.Child{{Name: "c", Service: waits}},
			Hook:     func(supervise.Event) { seen = find(tr.Snapshot(), "c").State },
		})
		stop := serve(tr)
		synctest.Wait()
		if seen != supervise.StateRunning {
			t.Error(seen)
		}
		stop()
	})
}

func BenchmarkSnapshotOfTwentyChildren(b *testing.B) {
	cfg := supervise.Config{Name: "root"}
	for i := range 20 {
		cfg.Children = append(cfg.Children, supervise.Child{Name: fmt.Sprint(i), Service: waits})
	}
	tr, err := supervise.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		tr.Snapshot()
	}
}

func TestASnapshotBeforeTheStartShowsAllAsIdle(t *testing.T) {
	below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{{Name: "c", Service: waits}}})
	n := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below}}}).Snapshot()
	for _, name := range []string{"root", "below", "c"} {
		if got := find(n, name); got.State != supervise.StateIdle || !got.StartedAt.IsZero() || got.Restarts != 0 {
			t.Errorf("%+v", got)
		}
	}
}

func TestAHookSeesThatAChildIsAboutToBeRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr *supervise.Tree
		var seen []supervise.State
		tr = tree(t, supervise.Config{
			MaxRestarts: 1,
			Children:    []supervise.Child{{Name: "c", Service: after(0, returns(errors.New("bad")))}},
			Hook:        func(supervise.Event) { seen = append(seen, find(tr.Snapshot(), "c").State) },
		})
		_ = tr.Serve(t.Context())
		want := []supervise.State{"running", "restarting", "restarting", "running", "restarting", "failed"}
		if !slices.Equal(seen, want) { // Started, Ended, Restarting, Started, Ended, GaveUp
			t.Errorf("%q", seen)
		}
	})
}
