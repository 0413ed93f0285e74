package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

func TestChildrenStartInOrderAndStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		children := []supervise.Child{}
		for _, name := range []string{"a", "b", "c"} {
			children = append(children, supervise.Child{Name: name, Service: supervise.Func(func(ctx context.Context) error {
				<-ctx.Done()
				if !errors.Is(context.Cause(ctx), supervise.ErrStopping) {
					t.Errorf("%s: cause %v", name, context.Cause(ctx))
				}
				time.Sleep(time.Second)
				order = append(order, "-"+name)
				return nil
			})})
		}
		tr := tree(t, supervise.Config{Children: children, Hook: func(e supervise.Event) {
			if s, ok := e.(supervise.Started); ok {
				order = append(order, "+"+s.Child)
			}
		}})
		stop := serve(tr)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if got := strings.Join(order, ""); got != "+a+b+c-c-b-a" {
			t.Error(got)
		}
	})
}

func TestAChildThatDoesNotStopIsReportedAndHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{{Name: "deaf", Service: deaf(free), Stop: time.Second}}})
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "a", Service: waits},
			{Name: "below", Service: below},
			{Name: "b", Service: waits},
		}})
		stop := serve(tr)
		synctest.Wait()
		began := time.Now()
		err := stop()
		var stuck *supervise.StuckError
		if !errors.As(err, &stuck) || !slices.Equal(stuck.Names, []string{"deaf"}) {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
		n := tr.Snapshot()
		if find(n, "deaf").State != supervise.StateStuck || find(n, "a").State != supervise.StateStopped {
			t.Errorf("%+v", n)
		}
		close(free)
	})
}

func TestAStuckChildIsNeverServedBesideItselfAndStartsWhenItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free, inside, most := make(chan struct{}), 0, 0
		tr := tree(t, supervise.Config{Children: []supervise.Child{{
			Name: "c", Stop: time.Second,
			Service: supervise.Func(func(ctx context.Context) error {
				inside++
				most = max(most, inside)
				defer func() { inside-- }()
				<-ctx.Done()
				<-free
				return nil
			}),
		}}})
		stop := serve(tr)
		synctest.Wait()
		if err := stop(); err == nil {
			t.Error("it was stuck")
		}
		stop = serve(tr)
		synctest.Wait()
		if s := find(tr.Snapshot(), "c").State; s != supervise.StateStuck {
			t.Errorf("state %s", s)
		}
		close(free)
		synctest.Wait()
		if n := find(tr.Snapshot(), "c"); n.State != supervise.StateRunning || n.Restarts != 0 {
			t.Errorf("%+v", n)
		}
		if err := stop(); err != nil || most != 1 {
			t.Errorf("%v, %d at one time", err, most)
		}
	})
}

func TestStuckOnesBelowAreReportedHoweverTheirTreeIsWrapped(t *testing.T) {
	for name, wrap := range map[string]func(*supervise.Tree) supervise.Service{
		"as it is":  func(tr *supervise.Tree) supervise.Service { return tr },
		"in struct": func(tr *supervise.Tree) supervise.Service { return &embedsTree{tr} },
		"in a func": func(tr *supervise.Tree) supervise.Service {
			return supervise.Func(func(ctx context.Context) error { return fmt.Errorf("wrapped: %w", tr.Serve(ctx)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{})
				below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{
					{Name: "deaf", Service: deaf(free), Stop: time.Second},
					{Name: "deafer", Service: deaf(free), Stop: time.Second},
				}})
				tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: wrap(below), Stop: time.Minute}}})
				stop := serve(tr)
				synctest.Wait()
				var stuck *supervise.StuckError
				if err := stop(); !errors.As(err, &stuck) {
					t.Fatalf("got %v", err)
				}
				slices.Sort(stuck.Names)
				if !slices.Equal(stuck.Names, []string{"deaf", "deafer"}) {
					t.Errorf("%q", stuck.Names)
				}
				close(free)
			})
		})
	}
}

func TestWhoReturnsLateButBeforeTheTreeIsNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(d time.Duration) supervise.Service {
			return supervise.Func(func(ctx context.Context) error { <-ctx.Done(); time.Sleep(d); return nil })
		}
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "first", Service: slow(5 * time.Second), Stop: 6 * time.Second},
			{Name: "late", Service: slow(3 * time.Second), Stop: time.Second},
		}})
		stop := serve(tr)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAStuckChildThatReturnsAfterItsTreeIsShownAsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "deaf", Service: deaf(free), Stop: time.Second}}})
		stop := serve(tr)
		synctest.Wait()
		if err := stop(); err == nil || find(tr.Snapshot(), "deaf").State != supervise.StateStuck {
			t.Errorf("%v, %+v", err, tr.Snapshot())
		}
		close(free)
		synctest.Wait()
		if s := find(tr.Snapshot(), "deaf").State; s != supervise.StateStopped {
			t.Error(s)
		}
	})
}

func TestAnErrorAfterBeingToldToStopIsKeptButIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "polite", Service: waits},
			{Name: "grumbles", Service: supervise.Func(func(ctx context.Context) error { <-ctx.Done(); return errors.New("not flushed") })},
		}})
		stop := serve(tr)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
		n := tr.Snapshot()
		if g := find(n, "grumbles"); g.State != supervise.StateStopped || g.LastError != "not flushed" {
			t.Errorf("%+v", g)
		}
		if p := find(n, "polite"); p.State != supervise.StateStopped || p.LastError != "" {
			t.Errorf("%+v", p)
		}
	})
}

func TestATreeThatGivesUpReportsItsReasonAndWhoIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		tr := tree(t, supervise.Config{MaxRestarts: -1, Children: []supervise.Child{
			{Name: "deaf", Service: deaf(free), Stop: time.Second},
			{Name: "bad", Service: after(time.Second, returns(nil))},
		}})
		err := tr.Serve(t.Context())
		var stuck *supervise.StuckError
		if !errors.Is(err, supervise.ErrIntensity) || !errors.As(err, &stuck) || !slices.Equal(stuck.Names, []string{"deaf"}) {
			t.Errorf("got %v", err)
		}
		close(free)
	})
}

func TestATreeBelowHasAllTheTimeThatItsChildrenHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := supervise.Func(func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Minute); return nil })
		below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{{Name: "slow", Service: slow, Stop: 2 * time.Minute}}})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: &embedsTree{below}}}})
		stop := serve(tr)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoIsStuckNowIsToldFromWhoWasWhenATreeGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		long := &supervise.StuckError{Names: []string{"long ago"}}
		tr := tree(t, supervise.Config{MaxRestarts: -1, Children: []supervise.Child{
			{Name: "deaf", Service: deaf(free), Stop: time.Second},
			{Name: "bad", Service: after(time.Second, returns(long))},
		}})
		err := tr.Serve(t.Context())
		var stuck *supervise.StuckError
		if !errors.Is(err, supervise.ErrIntensity) || !errors.As(err, &stuck) || !slices.Equal(stuck.Names, []string{"deaf"}) {
			t.Errorf("got %v", err)
		}
		close(free)
	})
}
