package supervise_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

func TestAKilledChildIsRestartedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		service := supervise.Func(func(ctx context.Context) error { <-ctx.Done(); cause = context.Cause(ctx); return nil })
		below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{
			{Name: "c", Service: service, Restart: supervise.Transient},
			{Name: "t", Service: waits, Restart: supervise.Temporary},
		}})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below}}})
		stop := serve(tr)
		synctest.Wait()
		if err := errors.Join(tr.Kill("c"), tr.Kill("t")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n := find(tr.Snapshot(), "c")
		if cause != supervise.ErrKilled || n.Restarts != 1 || n.LastError != "killed" || n.State != supervise.StateRunning {
			t.Errorf("%v, %+v", cause, n)
		}
		if err := tr.Kill("t"); !errors.Is(err, supervise.ErrNotRunning) {
			t.Errorf("killed twice: %v", err)
		}
		if err := tr.Kill("nobody"); !errors.Is(err, supervise.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if err := tr.Kill("below"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := find(tr.Snapshot(), "below"); n.Restarts != 1 || find(n, "t").State != supervise.StateRunning {
			t.Errorf("a killed tree starts anew: %+v", n)
		}
		stop()
		if err := tr.Kill("below"); !errors.Is(err, supervise.ErrNotRunning) {
			t.Errorf("after the stop: %v", err)
		}
	})
}

func TestAKilledChildThatDoesNotReturnIsShownAsStuckUntilItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free, stucks := make(chan struct{}), 0
		tr := tree(t, supervise.Config{
			Children: []supervise.Child{{Name: "deaf", Service: deaf(free), Stop: time.Second}},
			Hook: func(e supervise.Event) {
				if _, ok := e.(supervise.Stuck); ok {
					stucks++
				}
			},
		})
		stop := serve(tr)
		synctest.Wait()
		tr.Kill("deaf")
		time.Sleep(time.Second)
		synctest.Wait()
		if n := find(tr.Snapshot(), "deaf"); n.State != supervise.StateStuck || stucks != 1 {
			t.Errorf("%d events, %+v", stucks, n)
		}
		close(free)
		synctest.Wait()
		// Free for good, it now ends at once each time it is started, until the tree gives up.
		if err := stop(); !errors.Is(err, supervise.ErrIntensity) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAKillReachesATreeInsideAStruct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{{Name: "c", Service: waits}}})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: &embedsTree{below}}}})
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Kill("c"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := find(tr.Snapshot(), "c"); n.Restarts != 1 {
			t.Errorf("%+v", n)
		}
		stop()
	})
}

func TestAKilledTreeStopsItsChildrenInOrderAndStartsThemAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		below := tree(t, supervise.Config{
			Name:     "below",
			Children: []supervise.Child{{Name: "a", Service: waits}, {Name: "b", Service: waits}},
			Hook:     func(e supervise.Event) { order = append(order, e.String()) },
		})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below}}})
		stop := serve(tr)
		synctest.Wait()
		order = nil
		if err := tr.Kill("below"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		want := []string{
			"below/b ended: " + supervise.ErrStopping.Error(), "below/a ended: " + supervise.ErrStopping.Error(),
			"below/a started", "below/b started",
		}
		if !slices.Equal(order, want) {
			t.Errorf("%q", order)
		}
		stop()
	})
}

func TestKillsCountAgainstTheIntensity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{MaxRestarts: 1, Children: []supervise.Child{{Name: "c", Service: waits}}})
		stop := serve(tr)
		for range 2 {
			synctest.Wait()
			if err := tr.Kill("c"); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if err := stop(); !errors.Is(err, supervise.ErrIntensity) || !errors.Is(err, supervise.ErrKilled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAChildThatHasReturnedCannotBeKilledEvenIfItsTreeDoesNotKnowYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{
			Children: []supervise.Child{
				{Name: "a", Service: after(0, returns(nil)), Restart: supervise.Transient},
				{Name: "b", Service: waits},
			},
			Hook: slowAtStartOf("b", time.Second),
		})
		stop := serve(tr)
		time.Sleep(time.Second / 2)
		if err := tr.Kill("a"); !errors.Is(err, supervise.ErrNotRunning) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Second)
		if n := find(tr.Snapshot(), "a"); n.State != supervise.StateFinished || n.Restarts != 0 {
			t.Errorf("%+v", n)
		}
		stop()
	})
}

func TestAChildThatReturnedInTimeIsNotStuckEvenIfItsTreeLearnsItLate(t *testing.T) {
	for range 20 { // the tree finds two things to do, and takes either first
		synctest.Test(t, func(t *testing.T) {
			stucks := 0
			slow := slowAtStartOf("b", 3*time.Second)
			tr := tree(t, supervise.Config{
				Children: []supervise.Child{
					{Name: "a", Service: waits, Stop: time.Second, Restart: supervise.Temporary},
					{Name: "b", Service: waits},
				},
				Hook: func(e supervise.Event) {
					if _, ok := e.(supervise.Stuck); ok {
						stucks++
					}
					slow(e)
				},
			})
			stop := serve(tr)
			time.Sleep(time.Second)
			if err := tr.Kill("a"); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			if n := find(tr.Snapshot(), "a"); n.State != supervise.StateFailed || stucks != 0 {
				t.Errorf("%d events, %+v", stucks, n)
			}
			stop()
		})
	}
}

func slowAtStartOf(name string, d time.Duration) func(supervise.Event) {
	return func(e supervise.Event) {
		if s, ok := e.(supervise.Started); ok && s.Child == name {
			time.Sleep(d)
		}
	}
}
