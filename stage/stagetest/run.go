package stagetest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/affluxlab/afflux/stage"
)

// Bubble is a test with a pipeline of its own in virtual time. Its methods are for
// the goroutine of the test.
type Bubble struct {
	*testing.T
	// Pipeline is fresh: make the stages of the test on it.
	Pipeline *stage.Pipeline

	tasks []*Task
}

// ErrOver is the cause with which the tasks of a test that has returned end.
var ErrOver = errors.New("stagetest: the test is over")

// Run calls f in a bubble of virtual time, with a fresh pipeline. Without
// cfg.Logger the pipeline logs into the test.
//
// When f has returned, all that it started is cancelled with ErrOver and waited
// for. The test fails if one of these tasks had ended with an error that f did
// not ask for, if a law is broken, or if a goroutine is left.
func Run(t *testing.T, cfg stage.Config, f func(b *Bubble)) {
	t.Helper()
	defer explain(t)
	synctest.Test(t, func(t *testing.T) {
		if cfg.Logger == nil {
			cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
		}
		b := &Bubble{T: t, Pipeline: stage.New("test", cfg)}
		defer b.end()
		f(b)
	})
}

// explain turns synctest's panic about a deadlock, which would end the tests of
// the whole package, into the failure of this one.
func explain(t *testing.T) {
	t.Helper()
	v := recover()
	if v == nil {
		return
	}
	if err, is := v.(error); !is || !strings.HasPrefix(err.Error(), "deadlock") {
		panic(v)
	}
	t.Errorf("goroutines of this test wait for what cannot happen: %v", v)
}

// Start runs the pipeline in the background, and returns when it is at rest.
func (b *Bubble) Start() *Task {
	b.Helper()
	return b.start(b.Pipeline.String(), b.Pipeline.Run)
}

// Server is a stage, or whatever else is served like one.
type Server interface {
	Name() string
	Serve(ctx context.Context) error
}

// Serve runs a single stage in the background, and returns when it is at rest.
func (b *Bubble) Serve(s Server) *Task {
	b.Helper()
	return b.start("stage "+s.Name(), s.Serve)
}

// Go calls f in the background, and returns when all is at rest: f has returned,
// or waits.
func (b *Bubble) Go(f func(ctx context.Context) error) *Task {
	b.Helper()
	return b.start("a call", f)
}

// Drain drains the pipeline, however long that takes, and fails the test if
// something is left.
func (b *Bubble) Drain() {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.Pipeline.Drain(ctx); err != nil {
		b.Fatalf("drain: %v", err)
	}
	b.Rest()
}

// end is the end of a test.
func (b *Bubble) end() {
	b.Helper()
	for _, task := range b.tasks {
		task.complain()
		task.Cancel(ErrOver)
	}
	for _, task := range b.tasks {
		if !task.await() {
			b.Errorf("%s has not returned %v after it was cancelled", task.what, patience)
		}
	}
	b.Rest()
	for _, stack := range others() {
		b.Errorf("a goroutine is left:\n%s", stack)
	}
}
