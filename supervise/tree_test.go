package supervise_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

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

func TestAHookThatPanicsLeavesNoChildBehind(t *testing.T) {
	for _, at := range []string{"below/b started", "below/b ended: bad", "below/b is restarted, 1 so far"} {
		synctest.Test(t, func(t *testing.T) {
			below := tree(t, supervise.Config{
				Name: "below",
				Children: []supervise.Child{
					{Name: "a", Service: waits},
					{Name: "b", Service: after(time.Second, returns(errors.New("bad")))},
				},
				Hook: func(e supervise.Event) {
					if e.String() == at {
						panic("hook")
					}
				},
			})
			tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "below", Service: below, Restart: supervise.Temporary}}})
			stop := serve(tr)
			time.Sleep(time.Minute)
			n := find(tr.Snapshot(), "below")
			if n.State != supervise.StateFailed || n.LastError != "panic: hook" {
				t.Errorf("%s: %+v", at, n)
			}
			for _, c := range n.Children {
				if c.State != supervise.StateStopped {
					t.Errorf("%s: %s is %s", at, c.Name, c.State)
				}
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
