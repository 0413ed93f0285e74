package supervise_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

func TestWhoIsForgottenAfterWhichEnd(t *testing.T) {
	bad := errors.New("bad")
	for _, c := range []struct {
		restart supervise.Restart
		err     error
		stays   bool
	}{
		{supervise.Permanent, nil, true},
		{supervise.Permanent, bad, true},
		{supervise.Transient, nil, false},
		{supervise.Transient, bad, true},
		{supervise.Temporary, nil, false},
		{supervise.Temporary, bad, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			tr := tree(t, supervise.Config{Children: []supervise.Child{
				{Name: "c", Service: after(10*time.Second, returns(c.err)), Restart: c.restart, Forget: true},
			}})
			stop := serve(tr)
			time.Sleep(15 * time.Second)
			if has(tr, "c") != c.stays {
				t.Errorf("%v after %v: there %v", c.restart, c.err, !c.stays)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			if has(tr, "c") != c.stays {
				t.Errorf("%v after a stop: there %v", c.restart, !c.stays)
			}
		})
	}
}

func TestAKilledTemporaryChildIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: waits, Restart: supervise.Temporary, Forget: true}}})
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Kill("c"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if has(tr, "c") {
			t.Error("it is still there")
		}
		stop()
	})
}

func TestWhoEndsBecauseTheTreeStopsIsNotForgottenButStartedWithTheNextServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		free := make(chan struct{})
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "a", Service: waits, Restart: supervise.Transient, Forget: true},
			{Name: "b", Service: deaf(free), Restart: supervise.Temporary, Forget: true, Stop: time.Second},
		}, Hook: l.hear})
		stop := serve(tr)
		synctest.Wait()
		stop()
		l.expect(t, "+a +b !b -a")
		close(free)
		synctest.Wait()
		stop = serve(tr) // hears that b has ended, and starts it: it then ends by itself
		synctest.Wait()
		if has(tr, "b") || !has(tr, "a") {
			t.Errorf("%+v", tr.Snapshot())
		}
		stop()
		l.expect(t, "+a +b !b -a -b +a +b -b ~b -a")
	})
}

func TestWhoEndedByItselfBeforeItWasToldToStopIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "done", Service: after(time.Second, returns(nil)), Restart: supervise.Transient, Forget: true},
			{Name: "slow", Service: leavesAfter(2 * time.Second)},
		}})
		stop := serve(tr)
		synctest.Wait()
		stop() // while which the first one's time comes
		if has(tr, "done") {
			t.Error("it would do its work twice")
		}
	})
}

func TestWhoEndedByItselfBeforeTheTreeHeardOfItIsForgottenDuringAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "first", Service: after(time.Second, returns(nil)), Restart: supervise.Temporary},
			{Name: "done", Service: after(2*time.Second, returns(nil)), Restart: supervise.Transient, Forget: true},
		}, Hook: func(e supervise.Event) {
			if e.String() == "root/first ended" {
				time.Sleep(2 * time.Second) // in which the other ends, and then the tree is stopped
			}
		}})
		stop := serve(tr)
		time.Sleep(2500 * time.Millisecond)
		stop()
		if has(tr, "done") {
			t.Error("it would do its work twice")
		}
	})
}
