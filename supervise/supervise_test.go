package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/supervise"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waits is a service that does nothing until its context ends.
var waits = supervise.Func(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })

// after is a service that ends by itself after d, in the way end says.
func after(d time.Duration, end func() error) supervise.Service {
	return supervise.Func(func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return end()
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func returns(err error) func() error { return func() error { return err } }

// deaf is a service that heeds its context only when free says so.
func deaf(free <-chan struct{}) supervise.Service {
	return supervise.Func(func(ctx context.Context) error { <-free; return nil })
}

func tree(t *testing.T, cfg supervise.Config) *supervise.Tree {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "root"
	}
	tr, err := supervise.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// serve runs tr and returns what stops it and gives its error.
func serve(tr *supervise.Tree) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	err := make(chan error, 1)
	go func() { err <- tr.Serve(ctx) }()
	return func() error { cancel(); return <-err }
}

func find(n supervise.Node, name string) supervise.Node {
	if n.Name == name {
		return n
	}
	for _, c := range n.Children {
		if got := find(c, name); got.Name != "" {
			return got
		}
	}
	return supervise.Node{}
}

func TestWhoIsRestartedAfterWhichEnd(t *testing.T) {
	bad := errors.New("bad")
	ends := map[string]func() error{
		"return": returns(nil),
		"error":  returns(bad),
		"panic":  func() error { panic("oh") },
		"goexit": func() error { runtime.Goexit(); return nil },
	}
	want := map[supervise.Restart]map[string]int{
		supervise.Permanent: {"return": 2, "error": 2, "panic": 2, "goexit": 2},
		supervise.Transient: {"return": 0, "error": 2, "panic": 2, "goexit": 2},
		supervise.Temporary: {"return": 0, "error": 0, "panic": 0, "goexit": 0},
	}
	for restart, cases := range want {
		for end, restarts := range cases {
			t.Run(fmt.Sprint(restart, " ", end), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tr := tree(t, supervise.Config{Children: []supervise.Child{
						{Name: "c", Service: after(10*time.Second, ends[end]), Restart: restart},
					}})
					stop := serve(tr)
					time.Sleep(25 * time.Second)
					n := find(tr.Snapshot(), "c")
					if err := stop(); err != nil {
						t.Error(err)
					}
					if n.Restarts != restarts {
						t.Errorf("%d restarts, want %d", n.Restarts, restarts)
					}
					if (n.LastError == "") != (end == "return") {
						t.Errorf("last error %q", n.LastError)
					}
				})
			})
		}
	}
}

func TestOneRestartTooManyStopsAllAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		var told []string
		tr := tree(t, supervise.Config{
			Children: []supervise.Child{
				{Name: "good", Service: waits},
				{Name: "worse", Service: after(time.Second, returns(bad))},
			},
			Hook: func(e supervise.Event) { told = append(told, e.String()) },
		})
		began := time.Now()
		err := tr.Serve(t.Context())
		var gaveUp *supervise.IntensityError
		if !errors.As(err, &gaveUp) || gaveUp.Child != "worse" || !errors.Is(err, bad) || !errors.Is(err, supervise.ErrIntensity) {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("three restarts, then the end: %v", took)
		}
		if n := tr.Snapshot(); n.State != supervise.StateFailed || find(n, "good").State != supervise.StateStopped {
			t.Errorf("%+v", n)
		}
		if !slices.Contains(told, "root gave up: more than 3 restarts in 5s, the last of worse: bad") {
			t.Errorf("%q", told)
		}
	})
}

func TestRestartsThatAreFarApartAreBorneForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{MaxRestarts: 1, Within: time.Second, Children: []supervise.Child{
			{Name: "c", Service: after(1001*time.Millisecond, returns(nil))},
		}})
		stop := serve(tr)
		time.Sleep(time.Minute)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := find(tr.Snapshot(), "c"); n.Restarts != 59 {
			t.Errorf("%d restarts", n.Restarts)
		}
	})
}

func TestAFailedTreeIsRestartedByItsParentAndThenFailsItInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := tree(t, supervise.Config{Name: "below", MaxRestarts: -1, Children: []supervise.Child{
			{Name: "c", Service: after(time.Second, returns(errors.New("bad")))},
		}})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below}}})
		began := time.Now()
		err := tr.Serve(t.Context())
		if !errors.Is(err, supervise.ErrIntensity) || !strings.HasPrefix(err.Error(), "root gave up") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

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

func TestAPanicKeepsItsStackAndItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		var got error
		tr := tree(t, supervise.Config{
			Children: []supervise.Child{{Name: "c", Service: after(0, func() error { panic(bad) }), Restart: supervise.Temporary}},
			Hook: func(e supervise.Event) {
				if e, ok := e.(supervise.Ended); ok {
					got = e.Err
				}
			},
		})
		stop := serve(tr)
		synctest.Wait()
		var p *supervise.PanicError
		if !errors.As(got, &p) || !errors.Is(got, bad) || !strings.Contains(string(p.Stack), "TestAPanicKeepsItsStack") {
			t.Errorf("got %v", got)
		}
		stop()
	})
}

func TestServingTwiceAtOnceIsRefusedAndAgainIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: waits}}})
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Serve(t.Context()); !errors.Is(err, supervise.ErrServing) {
			t.Errorf("got %v", err)
		}
		stop()
		stop = serve(tr)
		synctest.Wait()
		if s := find(tr.Snapshot(), "c").State; s != supervise.StateRunning {
			t.Error(s)
		}
		stop()
	})
}

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

func TestAWrongConfigIsRefusedByName(t *testing.T) {
	c := func(name string) supervise.Child { return supervise.Child{Name: name, Service: waits} }
	below := tree(t, supervise.Config{Name: "inner", Children: []supervise.Child{c("x")}})
	for want, cfg := range map[string]supervise.Config{
		"a tree needs a name":    {},
		"unknown strategy":       {Name: "n", Strategy: 7},
		"Within is -1s":          {Name: "n", Within: -time.Second},
		"child 1: has no name":   {Name: "n", Children: []supervise.Child{c("a"), c("")}},
		`"a" has no service`:     {Name: "n", Children: []supervise.Child{{Name: "a"}}},
		`"a": unknown restart 9`: {Name: "n", Children: []supervise.Child{{Name: "a", Service: waits, Restart: 9}}},
		`two are named "a"`:      {Name: "n", Children: []supervise.Child{c("a"), c("a")}},
		`two are named "n"`:      {Name: "n", Children: []supervise.Child{c("n")}},
		`n: two are named "x"`:   {Name: "n", Children: []supervise.Child{c("x"), {Name: "b", Service: below}}},
	} {
		if _, err := supervise.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

type byPointer struct{ _ int }

func (*byPointer) Serve(ctx context.Context) error { return waits(ctx) }

type byValue struct{ _ int }

func (byValue) Serve(ctx context.Context) error { return waits(ctx) }

type generic[T any] struct{ _ T }

func (*generic[T]) Serve(ctx context.Context) error { return waits(ctx) }

func TestTheSourceNamesWhereAChildIsImplementedAndATreeIsDeclared(t *testing.T) {
	inner := tree(t, supervise.Config{Name: "inner"})
	services := map[string]supervise.Service{
		"pointer": &byPointer{}, "value": byValue{}, "value by pointer": &byValue{},
		"generic": &generic[map[string]byPointer]{}, "func": waits, "tree": inner,
	}
	for name, s := range services {
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: s}}})
		src := find(tr.Snapshot(), "c").Source
		if !strings.HasPrefix(src, "github.com/affluxlab/afflux/supervise_test/supervise_test.go:") {
			t.Errorf("%s: %s", name, src)
		}
	}
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
