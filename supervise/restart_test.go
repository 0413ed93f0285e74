package supervise_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

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

func TestAFinishedTreeGoesOnUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "done", Service: after(0, returns(nil)), Restart: supervise.Transient},
			{Name: "broken", Service: after(0, returns(errors.New("bad"))), Restart: supervise.Temporary},
		}})
		stop := serve(tr)
		time.Sleep(time.Hour)
		n := tr.Snapshot()
		if n.State != supervise.StateRunning || find(n, "done").State != supervise.StateFinished || find(n, "broken").State != supervise.StateFailed {
			t.Errorf("%+v", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

type rude struct{}

func (*rude) Error() string { panic("no text") }

func TestAnErrorWhoseTextPanicsDoesNotBringTheTreeDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{
			MaxRestarts: -1,
			Children:    []supervise.Child{{Name: "c", Service: after(0, returns(&rude{}))}},
			Hook:        func(e supervise.Event) { _ = e.String() },
		})
		if err := tr.Serve(t.Context()); !errors.Is(err, supervise.ErrIntensity) {
			t.Error(err)
		}
		if got := find(tr.Snapshot(), "c").LastError; !strings.Contains(got, "no text") {
			t.Errorf("%q", got)
		}
	})
}
