package supervise_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

func TestAChildThatIsAddedToARunningTreeStartsAtOnceAndStopsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := tree(t, supervise.Config{Children: []supervise.Child{worker("a"), worker("b")}, Hook: l.hear})
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Add(worker("c")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if s := find(tr.Snapshot(), "c"); s.State != supervise.StateRunning || !strings.Contains(s.Source, "helpers_test.go") {
			t.Errorf("%+v", s)
		}
		stop()
		l.expect(t, "+a +b +c -c -b -a")
	})
}

func TestAChildThatIsAddedWhileTheTreeDoesNotRunStartsWithEveryServeFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := tree(t, supervise.Config{Hook: l.hear})
		if err := tr.Add(worker("a")); err != nil {
			t.Error(err)
		}
		if s := find(tr.Snapshot(), "a").State; s != supervise.StateIdle {
			t.Error(s)
		}
		for range 2 {
			stop := serve(tr)
			synctest.Wait()
			stop()
		}
		l.expect(t, "+a -a +a -a")
	})
}

func TestAChildThatIsAddedWhileTheTreeStopsWaitsForTheNextServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		tr := tree(t, supervise.Config{Children: []supervise.Child{
			{Name: "slow", Service: leavesAfter(2 * time.Second)},
		}, Hook: l.hear})
		stop := serve(tr)
		synctest.Wait()
		time.AfterFunc(time.Second, func() {
			if err := tr.Add(worker("late")); err != nil {
				t.Error(err)
			}
		})
		if err := stop(); err != nil {
			t.Error(err)
		}
		if s := find(tr.Snapshot(), "late").State; s != supervise.StateIdle {
			t.Error(s)
		}
		l.expect(t, "+slow -slow")
		stop = serve(tr)
		synctest.Wait()
		if s := find(tr.Snapshot(), "late").State; s != supervise.StateRunning {
			t.Error(s)
		}
		stop()
	})
}

func TestAHookMayAddToItsTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		var tr *supervise.Tree
		tr = tree(t, supervise.Config{Children: []supervise.Child{worker("a"), worker("b")}, Hook: func(e supervise.Event) {
			if l.hear(e); e.String() == "root/a started" {
				if err := tr.Add(worker("c")); err != nil {
					t.Error(err)
				}
			}
		}})
		stop := serve(tr)
		synctest.Wait()
		l.expect(t, "+a +b +c")
		stop()
	})
}

func TestATreeThatIsAddedIsServedStoppedAndKilledAsOneThatWasThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := tree(t, supervise.Config{})
		stop := serve(tr)
		below := tree(t, supervise.Config{Name: "below", Children: []supervise.Child{worker("c")}})
		if err := tr.Add(supervise.Child{Name: "below", Service: below}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if err := tr.Kill("c"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := find(tr.Snapshot(), "c"); n.State != supervise.StateRunning || n.Restarts != 1 {
			t.Errorf("%+v", n)
		}
		stop()
		if n := find(tr.Snapshot(), "c"); n.State != supervise.StateStopped {
			t.Errorf("%+v", n)
		}
	})
}

func TestAWrongChildIsRefusedByNameAndNotAdded(t *testing.T) {
	inner := tree(t, supervise.Config{Name: "inner", Children: []supervise.Child{worker("x")}})
	other := tree(t, supervise.Config{Name: "other", Children: []supervise.Child{worker("x")}})
	tr := tree(t, supervise.Config{Name: "n", Children: []supervise.Child{worker("a"), {Name: "inner", Service: inner}}})
	before := tr.Snapshot()
	for _, c := range []struct {
		child supervise.Child
		want  string
		taken bool
	}{
		{supervise.Child{Service: waits}, "add to n: child has no name", false},
		{supervise.Child{Name: "b"}, `add to n: child "b" has no service`, false},
		{supervise.Child{Name: "b", Service: waits, Restart: 9}, `add to n: child "b": unknown restart 9`, false},
		{supervise.Child{Name: "b", Service: tr}, `add to n: child "b" is the tree itself`, false},
		{worker("n"), `add to n: "n": the name is taken`, true},
		{worker("a"), `add to n: "a": the name is taken`, true},
		{worker("x"), `add to n: "x": the name is taken`, true},
		{supervise.Child{Name: "b", Service: other}, `add to n: "x": the name is taken`, true},
		{supervise.Child{Name: "x", Service: other}, `add to n: "x": the name is taken`, true},
	} {
		err := tr.Add(c.child)
		if err == nil || !strings.HasSuffix(err.Error(), c.want) || errors.Is(err, supervise.ErrTaken) != c.taken {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	if n := tr.Snapshot(); len(n.Children) != len(before.Children) {
		t.Errorf("%+v", n)
	}
}

func TestOfManyAddsOfOneNameOneWins(t *testing.T) {
	tr := tree(t, supervise.Config{})
	errs := make(chan error)
	for range 8 {
		go func() { errs <- tr.Add(worker("c")) }()
	}
	won := 0
	for range 8 {
		if err := <-errs; err == nil {
			won++
		} else if !errors.Is(err, supervise.ErrTaken) {
			t.Error(err)
		}
	}
	if n := len(tr.Snapshot().Children); won != 1 || n != 1 {
		t.Errorf("%d won, %d are there", won, n)
	}
}

// meddler is shown as a tree, and while it is adds to another.
type meddler struct {
	supervise.Func
	meddle func()
}

func (m meddler) Snapshot() supervise.Node { m.meddle(); return supervise.Node{} }
func (m meddler) Kill(string) error        { return supervise.ErrNotFound }

func TestAnAddThatComesInBetweenIsSeen(t *testing.T) {
	meddle := func() {}
	tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "m", Service: meddler{waits, func() { meddle() }}}}})
	meddle = func() {
		meddle = func() {}
		if err := tr.Add(worker("c")); err != nil {
			t.Error(err)
		}
	}
	if err := tr.Add(worker("c")); !errors.Is(err, supervise.ErrTaken) {
		t.Error(err)
	}
	if n := len(tr.Snapshot().Children); n != 2 {
		t.Errorf("%d are there", n)
	}
}

func TestOfTwoOfOneNameTheFirstInStartOrderIsKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := tree(t, supervise.Config{Name: "left"})
		right := tree(t, supervise.Config{Name: "right", Children: []supervise.Child{worker("x")}})
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "left", Service: left}, {Name: "right", Service: right}}})
		if err := left.Add(worker("x")); err != nil {
			t.Error("a tree cannot know what is beside it:", err)
		}
		stop := serve(tr)
		synctest.Wait()
		if err := tr.Kill("x"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		restarts := []int{find(left.Snapshot(), "x").Restarts, find(right.Snapshot(), "x").Restarts}
		if !slices.Equal(restarts, []int{1, 0}) {
			t.Error(restarts)
		}
		stop()
	})
}

func BenchmarkAddAndRemoveBesideAThousand(b *testing.B) {
	tr, err := supervise.New(supervise.Config{Name: "root"})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		if err := tr.Add(worker(string(rune('a' + i)))); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := errors.Join(tr.Add(worker("one more")), tr.Remove("one more")); err != nil {
			b.Fatal(err)
		}
	}
}
