package stagetest_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func equal[V any](t testing.TB, what string, got, want V) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestARecordNotesWhatWhenAndByWhom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r stagetest.Record[int]
		single := r.Handle("a", stagetest.Work[int](time.Second))
		several := r.HandleSlice("b", func(context.Context, []int) error { return stagetest.ErrPlanned })
		panics := r.Handle("c", stagetest.Panic[int]("out"))
		exits := r.Handle("d", stagetest.Goexit[int]())
		_ = single(t.Context(), 1)
		evs := []int{2, 3}
		_ = several(t.Context(), evs)
		evs[0] = 9 // a record keeps a copy
		func() {
			defer func() { _ = recover() }()
			_ = panics(t.Context(), 4)
		}()
		go func() { _ = exits(t.Context(), 5) }()
		synctest.Wait()
		_ = r.Handle("e", nil)(t.Context(), 6)
		equal(t, "calls", r.Calls(), []stagetest.Call[int]{
			{By: "a", Events: []int{1}, Start: 0, End: time.Second},
			{By: "b", Events: []int{2, 3}, Start: time.Second, End: time.Second, Err: stagetest.ErrPlanned},
			{By: "c", Events: []int{4}, Start: time.Second, End: time.Second, Err: stagetest.ErrNoReturn},
			{By: "d", Events: []int{5}, Start: time.Second, End: time.Second, Err: stagetest.ErrNoReturn},
			{By: "e", Events: []int{6}, Start: time.Second, End: time.Second},
		})
		equal(t, "events", r.Events(), stagetest.Ints(1, 6))
		equal(t, "done", r.Done(), []int{1, 6})
		equal(t, "lens", r.Lens(), []int{1, 2, 1, 1, 1})
		equal(t, "by", r.By(), map[string]int{"a": 1, "b": 2, "c": 1, "d": 1, "e": 1})
		equal(t, "starts", r.Starts()[:2], []time.Duration{0, time.Second})
		equal(t, "running, most", []int{r.Running(), r.Most()}, []int{0, 1})
	})
}

func TestAGateKeepsEventsUntilTheyAreReleased(t *testing.T) {
	stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
		var g stagetest.Gate[int]
		calls := make([]*stagetest.Task, 6)
		for ev := range calls {
			calls[ev] = b.Go(func(ctx context.Context) error { return g.Handle(ctx, ev) })
		}
		equal(b, "holds", g.Holds(), stagetest.Ints(0, 5))
		g.Release(1)
		equal(b, "released", calls[0].Wait(), nil)
		g.ReleaseIf(stagetest.Is(3))
		equal(b, "released", calls[3].Wait(), nil)
		g.Refuse(1, stagetest.ErrPlanned)
		equal(b, "refused", calls[1].Wait(), stagetest.ErrPlanned)
		equal(b, "cancelled", calls[4].Stop(stagetest.ErrPlanned), stagetest.ErrPlanned)
		equal(b, "holds", g.Holds(), []int{2, 5})
		g.Open()
		equal(b, "open", []error{calls[2].Wait(), calls[5].Wait(), g.HandleSlice(b.Context(), []int{6, 7})}, make([]error, 3))
	})
}

func TestHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		fail := stagetest.Fail[int](2, stagetest.ErrPlanned)
		equal(t, "fail twice", []error{fail(ctx, 1), fail(ctx, 1), fail(ctx, 2), fail(ctx, 1)},
			[]error{stagetest.ErrPlanned, stagetest.ErrPlanned, stagetest.ErrPlanned, nil})
		always := stagetest.Fail[int](-1, stagetest.ErrPlanned)
		equal(t, "fail always", []error{always(ctx, 1), always(ctx, 1)}, []error{stagetest.ErrPlanned, stagetest.ErrPlanned})

		ended, cancel := context.WithCancelCause(ctx)
		cancel(stagetest.ErrPlanned)
		equal(t, "work that is told to leave", stagetest.Work[int](time.Hour)(ended, 1), stagetest.ErrPlanned)
		equal(t, "time", stagetest.Elapsed(), 0)
		equal(t, "work that does not hear", stagetest.Deaf[int](time.Hour)(ended, 1), nil)
		equal(t, "time", stagetest.Elapsed(), time.Hour)

		each := stagetest.Each(stagetest.When(stagetest.Is(2), always, stagetest.Work[int](time.Hour)))
		var some *stage.SliceError
		if err := each(ctx, []int{1, 2, 3}); !errors.As(err, &some) || len(some.Failed) != 1 || some.Failed[1] != stagetest.ErrPlanned {
			t.Errorf("each: %v, want number 1 to have failed", err)
		}
		equal(t, "time", stagetest.Elapsed(), 3*time.Hour)
		equal(t, "all well", each(ctx, []int{1}), nil)
		if err := each(ended, []int{1, 3}); !errors.As(err, &some) || len(some.Failed) != 2 {
			t.Errorf("each when told to leave: %v, want both to have failed", err)
		}
		chain := stagetest.Chain(stagetest.Work[int](time.Hour), always, stagetest.Panic[int]("not reached"))
		equal(t, "chain", chain(ctx, 1), stagetest.ErrPlanned)
	})
}

func TestAScriptDoesOneStepAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stagetest.NewScript(func(i int) string { return string(rune('a' + i)) },
			stagetest.Give(3), stagetest.Trickle(3, 2), stagetest.Wait(time.Second), stagetest.Give(0), stagetest.Break(stagetest.ErrPlanned),
			stagetest.Claim(77), stagetest.Block(), stagetest.Give(1))
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(stagetest.ErrOver)
		type result struct {
			evs string
			n   int
			err error
		}
		var got []result
		for _, ask := range []int{2, 9, 9, 9, 9, 9, 1, 9, 9} {
			ctx := t.Context()
			if len(got) == 6 {
				ctx = ended
			}
			dst := make([]string, ask)
			n, err := s.Fetch(ctx, dst)
			evs := ""
			for _, ev := range dst {
				evs += ev
			}
			got = append(got, result{evs, n, err})
		}
		equal(t, "results", got, []result{
			{"ab", 2, nil}, {"c", 1, nil}, {"de", 2, nil}, {"f", 1, nil}, {"", 0, stagetest.ErrPlanned}, {"", 77, nil},
			{"", 0, stagetest.ErrOver}, {"g", 1, nil}, {"", 0, io.EOF},
		})
		equal(t, "given", s.Given(), 7)
		equal(t, "demands", s.Demands(), []int{2, 9, 9, 9, 9, 9, 1, 9, 9})
		equal(t, "asks", s.Asks()[4:6], []stagetest.Ask{{At: 0, Len: 9}, {At: time.Second, Len: 9}})
	})
}

func TestAScriptRefusesToTrickleForEver(t *testing.T) {
	for _, step := range []struct{ n, per int }{{3, 0}, {3, -1}, {-1, 1}, {-1, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Trickle(%d, %d) does not panic", step.n, step.per)
				}
			}()
			stagetest.Trickle(step.n, step.per)
		}()
	}
	n, err := stagetest.Count(stagetest.Trickle(0, 0), stagetest.Trickle(1, 1)).Fetch(t.Context(), make([]int, 2))
	equal(t, "none, then one", []any{n, err}, []any{1, nil})
}
