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

func has(tr *supervise.Tree, name string) bool { return find(tr.Snapshot(), name).Name == name }

func TestARemovedChildIsStoppedAndLeavesWhenItHasReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		var l log
		tr := tree(t, supervise.Config{MaxRestarts: -1, Children: []supervise.Child{
			worker("a"),
			{Name: "b", Service: supervise.Func(func(ctx context.Context) error {
				<-ctx.Done()
				cause = context.Cause(ctx)
				time.Sleep(time.Second)
				return errors.New("bad")
			})},
		}, Hook: l.hear})
		stop := serve(tr)
		synctest.Wait()
		if err := errors.Join(tr.Remove("b"), tr.Remove("b")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if s := find(tr.Snapshot(), "b").State; s != supervise.StateStopping || cause != supervise.ErrStopping {
			t.Errorf("%s, %v", s, cause)
		}
		if err := tr.Add(worker("b")); !errors.Is(err, supervise.ErrTaken) {
			t.Error(err)
		}
		if err := tr.Kill("b"); !errors.Is(err, supervise.ErrNotRunning) {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if has(tr, "b") {
			t.Error("it is still there")
		}
		if err := tr.Remove("b"); !errors.Is(err, supervise.ErrNotFound) {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		l.expect(t, "+a +b -b ~b -a")
	})
}

func TestARemovalHoldsUpNoOtherChild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "slow", Service: leavesAfter(time.Hour), Stop: -1},
			{Name: "bad", Service: after(time.Minute, returns(errors.New("bad")))},
		}})
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Remove("slow"); err != nil {
			t.Error(err)
		}
		time.Sleep(2*time.Minute + time.Second)
		if n := find(tr.Snapshot(), "bad").Restarts; n != 2 {
			t.Errorf("%d restarts", n)
		}
		if err := tr.Add(worker("new")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if s := find(tr.Snapshot(), "new").State; s != supervise.StateRunning || !has(tr, "slow") {
			t.Error(s)
		}
		stop()
		if has(tr, "slow") {
			t.Error("the stop of the tree waits for it too")
		}
	})
}

func TestARemovedChildThatIsStuckLeavesWhenItReturnsAfterAll(t *testing.T) {
	for _, served := range []string{"in the same serve", "in no serve", "in the next serve"} {
		t.Run(served, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l log
				free := make(chan struct{})
				tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: deaf(free), Stop: time.Second}}, Hook: l.hear})
				stop := serve(tr)
				synctest.Wait()
				if err := tr.Remove("c"); err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Second)
				if s := find(tr.Snapshot(), "c").State; s != supervise.StateStuck {
					t.Error(s)
				}
				if served != "in the same serve" {
					var stuck *supervise.StuckError
					if err := stop(); !errors.As(err, &stuck) || !slices.Equal(stuck.Names, []string{"c"}) {
						t.Error(err)
					}
				}
				if served == "in the next serve" {
					stop = serve(tr)
					synctest.Wait()
				}
				close(free)
				synctest.Wait()
				if has(tr, "c") {
					t.Error("it is still there")
				}
				if err := tr.Add(worker("c")); err != nil {
					t.Error(err)
				}
				if served == "in no serve" {
					stop = serve(tr)
				}
				synctest.Wait()
				if err := stop(); err != nil {
					t.Error(err)
				}
				l.expect(t, "+c !c -c ~c +c -c")
			})
		})
	}
}

func TestAStuckChildOfATreeThatIsNotServedCanBeRemoved(t *testing.T) {
	for _, first := range []string{"return", "remove"} {
		t.Run(first+" first", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l log
				free := make(chan struct{})
				tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: deaf(free), Stop: time.Second}}, Hook: l.hear})
				stop := serve(tr)
				synctest.Wait()
				if err := stop(); err == nil {
					t.Error("it was stuck")
				}
				if first == "return" {
					close(free)
					synctest.Wait()
				}
				if err := tr.Remove("c"); err != nil {
					t.Error(err)
				}
				if first == "remove" {
					if !has(tr, "c") {
						t.Error("it still runs")
					}
					close(free)
					synctest.Wait()
				}
				if has(tr, "c") {
					t.Error("it is still there")
				}
				stop = serve(tr)
				synctest.Wait()
				stop()
				l.expect(t, "+c !c -c ~c")
			})
		})
	}
}

func TestWhoDoesNotRunLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			worker("idle"), worker("a"),
			{Name: "done", Service: after(time.Second, returns(nil)), Restart: supervise.Transient},
		}, Hook: l.hear})
		if err := tr.Remove("idle"); err != nil || has(tr, "idle") {
			t.Error(err)
		}
		stop := serve(tr)
		time.Sleep(time.Minute)
		if err := tr.Remove("done"); err != nil || has(tr, "done") {
			t.Error(err)
		}
		synctest.Wait()
		stop()
		if err := tr.Remove("a"); err != nil || has(tr, "a") {
			t.Error(err)
		}
		stop = serve(tr) // tells what happened meanwhile, though not of who was never started
		synctest.Wait()
		stop()
		l.expect(t, "+a +done -done ~done -a ~a")
	})
}

func TestOnlyADirectChildIsRemoved(t *testing.T) {
	below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{worker("c")}})
	tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below}}})
	for _, name := range []string{"c", "root", "nobody"} {
		if err := tr.Remove(name); !errors.Is(err, supervise.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := below.Remove("c"); err != nil || has(tr, "c") {
		t.Error(err)
	}
}

func TestAHookMayRemoveAChildInAnyEventAboutIt(t *testing.T) {
	for at, want := range map[string]string{
		"root/c started":                               "+c -c ~c",
		"root/c ended: bad":                            "+c -c ~c",
		"root/c is restarted, 1 so far":                "+c -c *c ~c",
		"root/c is stuck: it did not return within 1s": "+c !c -c ~c",
	} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l log
				var tr *supervise.Tree
				tr = tree(t, supervise.Config{Children: []supervise.Child{
					{Name: "c", Stop: time.Second, Service: supervise.Func(func(ctx context.Context) error {
						select {
						case <-ctx.Done():
							time.Sleep(3 * time.Second)
						case <-time.After(10 * time.Second):
						}
						return errors.New("bad")
					})},
				}, Hook: func(e supervise.Event) {
					l.hear(e)
					if e.String() == at {
						if err := tr.Remove("c"); err != nil {
							t.Error(err)
						}
					}
				}})
				stop := serve(tr)
				if want == "+c !c -c ~c" {
					synctest.Wait()
					if err := tr.Kill("c"); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(time.Minute)
				if has(tr, "c") {
					t.Error("it is still there")
				}
				if at == "root/c started" {
					want = "+c !c -c ~c" // it is slow
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
				l.expect(t, want)
			})
		})
	}
}

func TestTheNameIsFreeWhenTheHookLearnsThatAChildHasLeft(t *testing.T) {
	for _, forget := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var l log
			var tr *supervise.Tree
			c := supervise.Child{Name: "c", Service: after(time.Second, returns(nil)), Restart: supervise.Temporary, Forget: forget}
			tr = tree(t, supervise.Config{Children: []supervise.Child{c}, Hook: func(e supervise.Event) {
				l.hear(e)
				if _, ok := e.(supervise.Removed); ok {
					if err := tr.Add(worker("c")); err != nil {
						t.Error(err)
					}
				}
			}})
			stop := serve(tr)
			time.Sleep(2 * time.Second)
			if !forget {
				if err := tr.Remove("c"); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
			stop()
			l.expect(t, "+c -c ~c +c -c")
		})
	}
}

func TestAHookThatPanicsAtARemovalLeavesNoChildBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{worker("a"), worker("b")}, Hook: func(e supervise.Event) {
			if _, ok := e.(supervise.Removed); ok {
				panic("hook")
			}
		}})
		outer := tree(t, supervise.Config{Name: "outer", Children: []supervise.Child{{Name: "root", Service: tr, Restart: supervise.Temporary}}})
		stop := serve(outer)
		synctest.Wait()
		if err := tr.Remove("b"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := tr.Snapshot(); n.State != supervise.StateFailed || find(n, "a").State != supervise.StateStopped || has(tr, "b") {
			t.Errorf("%+v", n)
		}
		stop()
	})
}

func TestStuckOnesBelowATreeThatLeavesDuringAStopAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{{Name: "deaf", Service: deaf(free), Stop: time.Second}}})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below}}})
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Remove("below"); err != nil {
			t.Error(err)
		}
		var stuck *supervise.StuckError
		if err := stop(); !errors.As(err, &stuck) || !slices.Equal(stuck.Names, []string{"deaf"}) || has(tr, "below") {
			t.Errorf("got %v", err)
		}
		close(free)
	})
}

func TestWhoIsRemovedBeforeItsFirstStartIsNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		var tr *supervise.Tree
		tr = tree(t, supervise.Config{Children: []supervise.Child{worker("a"), worker("b")}, Hook: func(e supervise.Event) {
			if l.hear(e); e.String() == "root/a started" {
				if err := tr.Remove("b"); err != nil {
					t.Error(err)
				}
			}
		}})
		stop := serve(tr)
		synctest.Wait()
		stop()
		l.expect(t, "+a -a")
	})
}

func TestARemovalIsToldBeforeServeReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		var tr *supervise.Tree
		ctx, cancel := context.WithCancel(t.Context())
		tr = tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "c", Service: after(time.Second, returns(nil)), Restart: supervise.Temporary},
		}, Hook: func(e supervise.Event) {
			l.hear(e)
			if _, ok := e.(supervise.Ended); ok {
				cancel()
				if err := tr.Remove("c"); err != nil {
					t.Error(err)
				}
			}
		}})
		if err := tr.Serve(ctx); err != nil {
			t.Error(err)
		}
		l.expect(t, "+c -c ~c")
	})
}
