package supervise_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

func TestASnapshotTellsSinceWhenAndHowManyRestartsAreLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{MaxRestarts: 2, Children: []supervise.Child{
			worker("c"), {Name: "d", Service: waits, Restart: supervise.Temporary},
		}})
		defer serve(tr)()
		began := time.Now()
		time.Sleep(3 * time.Second)
		killed := time.Now()
		if err := tr.Kill("c"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n := tr.Snapshot()
		if c, d := find(n, "c"), find(n, "d"); !c.Since.Equal(killed) || c.Restart != "permanent" || !d.Since.Equal(began) || d.Restart != "temporary" || n.Restart != "" {
			t.Errorf("%+v", n)
		}
		if i := n.Intensity; i.Max != 2 || i.Within != 5*time.Second || len(i.Recent) != 1 || !i.Recent[0].Equal(killed) || i.Spent() {
			t.Errorf("%+v", i)
		}
		tr.Kill("c")
		synctest.Wait()
		if i := tr.Snapshot().Intensity; !i.Spent() {
			t.Errorf("%+v", i)
		}
		time.Sleep(5*time.Second + 1)
		if i := tr.Snapshot().Intensity; len(i.Recent) != 0 {
			t.Errorf("%v are remembered after their time", i.Recent)
		}
	})
}

func TestAChildAndWhatItStartsCarryItsNameInProfiles(t *testing.T) {
	var wg sync.WaitGroup
	started := make(chan struct{})
	below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{
		{Name: "inner", Service: supervise.Func(func(ctx context.Context) error {
			wg.Go(func() { close(started); <-ctx.Done() })
			wg.Wait()
			return nil
		})},
	}})
	stop := serve(tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below}}}))
	<-started
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	stop()
	for label, want := range map[string]int{`{"child":"inner"}`: 2, `{"child":"below"}`: 1} {
		if got := labelled(profile.String(), label); got != want {
			t.Errorf("%d goroutines carry %s, want %d", got, label, want)
		}
	}
}

// labelled counts the goroutines of a profile, as text, that carry those labels.
func labelled(profile, labels string) (n int) {
	for record := range strings.SplitSeq(profile, "\n\n") {
		if strings.Contains(record, "# labels: "+labels) {
			count, _, _ := strings.Cut(record, " ")
			more, _ := strconv.Atoi(count)
			n += more
		}
	}
	return n
}
