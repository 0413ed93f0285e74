package supervise_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/affluxlab/afflux/supervise"
)

const here = "github.com/affluxlab/afflux/supervise_test/source_test.go"

type byPointer struct{ _ int }

func (*byPointer) Serve(ctx context.Context) error { return waits(ctx) } // line 16

type byValue struct{ _ int }

func (byValue) Serve(ctx context.Context) error { return waits(ctx) } // line 20

type generic[T any] struct{ _ T }

func (*generic[T]) Serve(ctx context.Context) error { return waits(ctx) } // line 24

type genericValue[T any] struct{ _ T }

func (genericValue[T]) Serve(ctx context.Context) error { return waits(ctx) } // line 28

func named(ctx context.Context) error { return waits(ctx) } // line 30

func closure() supervise.Service {
	return supervise.Func(func(ctx context.Context) error { return waits(ctx) }) // line 33
}

type (
	embedsTree      struct{ *supervise.Tree }
	embedsPointer   struct{ *byPointer }
	embedsByAddress struct{ byPointer }
	embedsInterface struct{ supervise.Service }
)

func TestTheSourceNamesTheLineWhereAServeIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		service supervise.Service
		line    int
	}{
		"pointer":             {&byPointer{}, 16},
		"value":               {byValue{}, 20},
		"value by pointer":    {&byValue{}, 20},
		"generic":             {&generic[map[string]byPointer]{}, 24},
		"generic value":       {genericValue[int]{}, 28},
		"its pointer":         {&genericValue[byValue]{}, 28},
		"function":            {supervise.Func(named), 30},
		"closure":             {closure(), 33},
		"embedded pointer":    {embedsPointer{&byPointer{}}, 16},
		"embedded by address": {&embedsByAddress{}, 16},
		"embedded interface":  {&embedsInterface{byValue{}}, 20},
	} {
		tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: c.service}}})
		if got, want := find(tr.Snapshot(), "c").Source, fmt.Sprint(here, ":", c.line); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestTheSourceOfATreeIsWhereItsChildrenAreDeclared(t *testing.T) {
	_, _, line, _ := runtime.Caller(0)
	inner, err := supervise.New(supervise.Config{Name: "inner"})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(here, ":", line+1)
	tr := tree(t, supervise.Config{Children: []supervise.Child{
		{Name: "plain", Service: inner},
		{Name: "embedded", Service: &embedsTree{inner}},
	}})
	for _, n := range append(tr.Snapshot().Children, inner.Snapshot()) {
		if n.Source != want || n.Kind != "supervisor" {
			t.Errorf("%s: %s %s, want %s", n.Name, n.Kind, n.Source, want)
		}
	}
}

func TestAMethodValueHasNoSourceRatherThanAFalseOne(t *testing.T) {
	tr := tree(t, supervise.Config{Children: []supervise.Child{{Name: "c", Service: supervise.Func((&byPointer{}).Serve)}}})
	if got := find(tr.Snapshot(), "c").Source; got != "" {
		t.Error(got)
	}
}
