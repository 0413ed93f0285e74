package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

var errBad = errors.New("bad")

// crashesOnce fails after d, the first time, and then waits.
func crashesOnce(d time.Duration) supervise.Service {
	first := true
	return supervise.Func(func(ctx context.Context) error {
		if !first {
			return waits(ctx)
		}
		first = false
		return after(d, returns(errBad)).Serve(ctx)
	})
}

func group(t *testing.T, s supervise.Strategy, l *log, children ...supervise.Child) *supervise.Tree {
	return tree(t, supervise.Config{Strategy: s, Children: children, Hook: l.hear, MaxRestarts: 1, Within: time.Hour})
}

func TestWhoIsRestartedWithWhom(t *testing.T) {
	for strategy, want := range map[supervise.Strategy]string{
		supervise.OneForOne:  "+a +b +c +d -b *b +b",
		supervise.OneForAll:  "+a +b +c +d -b *b -d -c -a +a +b +c +d",
		supervise.RestForOne: "+a +b +c +d -b *b -d -c +b +c +d",
	} {
		t.Run(strategy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l log
				tr := group(t, strategy, &l, worker("a"), supervise.Child{Name: "b", Service: crashesOnce(time.Second)}, worker("c"), worker("d"))
				stop := serve(tr)
				time.Sleep(time.Minute)
				l.expect(t, want)
				n := tr.Snapshot()
				for name, restarts := range map[string]int{"a": 0, "b": 1, "c": 0, "d": 0} {
					if c := find(n, name); c.State != supervise.StateRunning || c.Restarts != restarts {
						t.Errorf("%+v", c)
					}
				}
				if n.Strategy != strategy.String() {
					t.Error(n.Strategy)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestARestartOfManyWaitsForEachInItsTimeAndCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := group(t, supervise.OneForAll, &l,
			supervise.Child{Name: "a", Service: leavesAfter(2 * time.Second)},
			supervise.Child{Name: "b", Service: crashesOnce(time.Second)},
			supervise.Child{Name: "c", Service: leavesAfter(3 * time.Second)},
		)
		stop := serve(tr)
		for _, at := range []struct {
			until   time.Duration
			a, b, c supervise.State
		}{
			{1500 * time.Millisecond, "running", "restarting", "stopping"},
			{3 * time.Second, "stopping", "restarting", "restarting"},
			{2 * time.Second, "running", "running", "running"},
		} {
			time.Sleep(at.until)
			n := tr.Snapshot()
			if find(n, "a").State != at.a || find(n, "b").State != at.b || find(n, "c").State != at.c {
				t.Errorf("want %v, got %+v", at, n)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestATemporarySiblingOnlyEndsAndATransientOneStartsThoughItHadFinished(t *testing.T) {
	for _, forget := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var l log
			tr := group(t, supervise.OneForAll, &l,
				supervise.Child{Name: "temporary", Service: waits, Restart: supervise.Temporary, Forget: forget},
				supervise.Child{Name: "over", Service: after(time.Second, returns(nil)), Restart: supervise.Temporary, Forget: forget},
				supervise.Child{Name: "finished", Service: after(time.Second/2, returns(nil)), Restart: supervise.Transient, Forget: forget},
				supervise.Child{Name: "bad", Service: crashesOnce(2 * time.Second)},
			)
			stop := serve(tr)
			time.Sleep(2*time.Second + time.Millisecond)
			if forget {
				l.expect(t, "+temporary +over +finished +bad -finished ~finished -over ~over -bad *bad -temporary ~temporary +bad")
			} else {
				l.expect(t, "+temporary +over +finished +bad -finished -over -bad *bad -temporary +finished +bad")
				if s := find(tr.Snapshot(), "temporary").State; s != supervise.StateStopped {
					t.Error(s)
				}
			}
			stop()
		})
	}
}

func TestASiblingThatEndsByItselfOrIsKilledWhileAnotherStopsIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := group(t, supervise.OneForAll, &l,
			supervise.Child{Name: "too", Service: crashesOnce(1500 * time.Millisecond)},
			supervise.Child{Name: "done", Service: after(1600*time.Millisecond, returns(nil)), Restart: supervise.Transient, Forget: true},
			worker("killed"),
			supervise.Child{Name: "bad", Service: crashesOnce(time.Second)},
			supervise.Child{Name: "slow", Service: leavesAfter(time.Second)},
		)
		stop := serve(tr)
		time.Sleep(1700 * time.Millisecond)
		if err := tr.Kill("killed"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		l.expect(t, "+too +done +killed +bad +slow -bad *bad -too -done ~done -killed -slow +too +killed +bad +slow")
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAStuckSiblingHoldsUpNobodyAndStartsWhenItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		free := make(chan struct{})
		first := true
		tr := group(t, supervise.RestForOne, &l,
			supervise.Child{Name: "bad", Service: crashesOnce(time.Second)},
			supervise.Child{Name: "deaf", Stop: time.Second, Service: supervise.Func(func(ctx context.Context) error {
				if !first {
					return waits(ctx)
				}
				first = false
				<-free
				return errBad
			})},
			worker("c"),
		)
		stop := serve(tr)
		time.Sleep(time.Minute)
		l.expect(t, "+bad +deaf +c -bad *bad -c !deaf +bad +c")
		close(free)
		synctest.Wait()
		l.expect(t, "+bad +deaf +c -bad *bad -c !deaf +bad +c -deaf +deaf")
		if n := find(tr.Snapshot(), "deaf"); n.State != supervise.StateRunning || n.Restarts != 0 {
			t.Errorf("%+v", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAStopInTheMiddleOfARestartStartsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := group(t, supervise.OneForAll, &l,
			worker("a"),
			supervise.Child{Name: "bad", Service: crashesOnce(time.Second)},
			supervise.Child{Name: "slow", Service: leavesAfter(2 * time.Second)},
			worker("z"),
		)
		stop := serve(tr)
		time.Sleep(1500 * time.Millisecond)
		began := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 1500*time.Millisecond {
			t.Errorf("took %v", took)
		}
		l.expect(t, "+a +bad +slow +z -bad *bad -z -slow -a")
		for _, c := range tr.Snapshot().Children {
			if c.State != supervise.StateStopped {
				t.Errorf("%+v", c)
			}
		}
	})
}

func TestAStopBetweenTwoStartsStartsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		ctx, cancel := context.WithCancel(t.Context())
		starts := 0
		tr := tree(t, supervise.Config{
			Strategy: supervise.OneForAll,
			Children: []supervise.Child{{Name: "bad", Service: crashesOnce(time.Second)}, worker("b")},
			Hook: func(e supervise.Event) {
				l.hear(e)
				if _, ok := e.(supervise.Started); ok {
					if starts++; starts == 3 {
						cancel()
					}
				}
			},
		})
		if err := tr.Serve(ctx); err != nil {
			t.Error(err)
		}
		l.expect(t, "+bad +b -bad *bad -b +bad -bad")
	})
}

func TestAnEarlierChildThatEndsDuringARestartOfTheRestJoinsThemAndCounts(t *testing.T) {
	for max, want := range map[int]string{
		2: "+a +b +c +slow -c *c -a *a -slow -b +a +b +c +slow",
		1: "+a +b +c +slow -c *c -a -slow -b",
	} {
		t.Run(fmt.Sprint(max, " allowed"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l log
				tr := tree(t, supervise.Config{Strategy: supervise.RestForOne, MaxRestarts: max, Hook: l.hear, Children: []supervise.Child{
					{Name: "a", Service: crashesOnce(1500 * time.Millisecond)},
					worker("b"),
					{Name: "c", Service: crashesOnce(time.Second)},
					{Name: "slow", Service: leavesAfter(time.Second)},
				}})
				stop := serve(tr)
				time.Sleep(time.Minute)
				l.expect(t, want)
				if err := stop(); errors.Is(err, supervise.ErrIntensity) != (max == 1) {
					t.Error(err)
				}
			})
		})
	}
}

func TestAddAndRemoveDuringARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := group(t, supervise.OneForAll, &l,
			worker("a"),
			supervise.Child{Name: "bad", Service: crashesOnce(time.Second)},
			worker("c"),
			supervise.Child{Name: "slow", Service: leavesAfter(2 * time.Second)},
			worker("z"),
		)
		stop := serve(tr)
		time.Sleep(2 * time.Second)
		// Has not been told yet, is on its way, ended and is to start, made them all restart:
		for _, name := range []string{"c", "slow", "z", "bad"} {
			if err := tr.Remove(name); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		if err := tr.Add(supervise.Child{Name: "new", Service: waits, Restart: supervise.Temporary}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		l.expect(t, "+a +bad +c +slow +z -bad *bad -z -c ~c ~z ~bad -slow ~slow -a +a +new")
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestARestartOfManyWaitsForOneThatWasRemovedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := group(t, supervise.OneForAll, &l,
			supervise.Child{Name: "slow", Service: leavesAfter(3 * time.Second)},
			supervise.Child{Name: "bad", Service: crashesOnce(time.Second)},
		)
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Remove("slow"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		l.expect(t, "+slow +bad -bad *bad -slow ~slow +bad")
		stop()
	})
}

func TestARestartOfManyIsOneForTheIntensity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := tree(t, supervise.Config{Strategy: supervise.OneForAll, MaxRestarts: 2, Hook: l.hear, Children: []supervise.Child{
			worker("a"), worker("b"), {Name: "bad", Service: after(time.Second, returns(errBad))},
		}})
		began := time.Now()
		if err := tr.Serve(t.Context()); !errors.Is(err, supervise.ErrIntensity) {
			t.Error(err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestABelowTreeIsStoppedAsAWholeForItsSibling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l, lb log
		below := tree(t, supervise.Config{Name: "below", Hook: lb.hear, Children: []supervise.Child{worker("x"), worker("y")}})
		tr := group(t, supervise.RestForOne, &l,
			supervise.Child{Name: "bad", Service: crashesOnce(time.Second)},
			supervise.Child{Name: "below", Service: below},
		)
		stop := serve(tr)
		time.Sleep(time.Minute)
		l.expect(t, "+bad +below -bad *bad -below +bad +below")
		lb.expect(t, "+x +y -y -x +x +y")
		stop()
	})
}

func TestAHookThatPanicsDuringARestartOfManyLeavesNoChildBehind(t *testing.T) {
	for _, at := range []string{"root/a ended: " + supervise.ErrStopping.Error(), "root/b started", "root/bad is restarted, 1 so far"} {
		synctest.Test(t, func(t *testing.T) {
			restarting := false
			tr := tree(t, supervise.Config{
				Strategy: supervise.OneForAll,
				Children: []supervise.Child{worker("a"), worker("b"), {Name: "bad", Service: crashesOnce(time.Second)}},
				Hook: func(e supervise.Event) {
					if _, ok := e.(supervise.Restarting); ok {
						restarting = true
					}
					if restarting && e.String() == at {
						panic("hook")
					}
				},
			})
			outer := tree(t, supervise.Config{Name: "outer", Children: []supervise.Child{{Name: "root", Service: tr, Restart: supervise.Temporary}}})
			stop := serve(outer)
			time.Sleep(time.Minute)
			for _, c := range tr.Snapshot().Children {
				if c.State != supervise.StateStopped {
					t.Errorf("%s: %+v", at, c)
				}
			}
			stop()
		})
	}
}
