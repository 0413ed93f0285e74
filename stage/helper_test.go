package stage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/affluxlab/afflux/stage"
)

// errAlways is the failure of handlers that always fail.
var errAlways = errors.New("always fails")

func ok(context.Context, int) error { return nil }

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// served serves a stage in the background, and tells how that ended.
func served(ctx context.Context, serve func(context.Context) error) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx) }()
	return ended
}

// always is a policy that always says the same.
func always(a stage.Action) func(stage.Failure[int]) stage.Verdict {
	return func(stage.Failure[int]) stage.Verdict { return stage.Verdict{Action: a} }
}
