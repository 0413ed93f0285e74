package stage_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// The conformance suite: TestNN_Name is the case of that number. It is split by
// concept over the conformance_*_test.go files. Every case runs in virtual time,
// and stagetest checks both laws at each rest, and that no goroutine is left.
//
// Cases without a test here, and why:
//
//	41, 42  Durable…  deliveries: later
//
// Figures of speed (in 16 and 53) are benchmarks.

const ms = time.Millisecond

// errKilled is a cause to end a Serve with.
var errKilled = errors.New("killed")

// inBubble is stagetest.Run with a pipeline of the usual settings.
func inBubble(t *testing.T, f func(b *stagetest.Bubble)) {
	t.Helper()
	stagetest.Run(t, stage.Config{}, f)
}

// expect compares what there is with what there should be.
func expect[V any](t testing.TB, what string, got, want V) {
	t.Helper()
	if !reflect.DeepEqual(got, want) && !(isEmpty(got) && isEmpty(want)) {
		t.Errorf("%s: %v, want %v", what, brief(got), brief(want))
	}
}

// isEmpty is true of lists without an element, nil or not.
func isEmpty(v any) bool {
	s := reflect.ValueOf(v)
	return s.Kind() == reflect.Slice && s.Len() == 0
}

// brief keeps long lists out of messages.
func brief(v any) any {
	if s := reflect.ValueOf(v); s.Kind() == reflect.Slice && s.Len() > 40 {
		return []any{s.Slice(0, 20).Interface(), "…", s.Slice(s.Len()-5, s.Len()).Interface(), s.Len()}
	}
	return v
}

// expectErr checks that an error is, or wraps, another; nil is nil alone.
func expectErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if (want == nil) != (got == nil) || !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// expectAs finds an error of that type, or ends the test.
func expectAs[E error](t testing.TB, what string, got error, as *E) {
	t.Helper()
	if !errors.As(got, as) {
		t.Fatalf("%s: %v, want an error of type %T", what, got, *as)
	}
}

// expectSetting wants a setting to have been refused.
func expectSetting(t testing.TB, got error) {
	t.Helper()
	var refused *stage.SettingError
	expectAs(t, "bad setting", got, &refused)
}

// expectOnce checks that the events were those, each once, in whatever order.
func expectOnce(t testing.TB, what string, got, want []int) {
	t.Helper()
	expect(t, what, slices.Sorted(slices.Values(got)), want)
}

// queueOf makes a queue of ints with the name "jobs".
func queueOf(b *stagetest.Bubble, cfg stage.QueueConfig) *stage.Queue[int] {
	return stage.NewQueue[int](b.Pipeline, "jobs", cfg)
}

// one makes a consumer of single events with one worker.
func one(b *stagetest.Bubble, name string, h stagetest.Handler[int]) *stage.Consumer[int] {
	return stage.NewConsumer(b.Pipeline, name, h, stage.ConsumerConfig[int]{})
}

// sliced makes a consumer of slices with one worker.
func sliced(b *stagetest.Bubble, name string, h stagetest.SliceHandler[int]) *stage.Consumer[int] {
	return stage.NewSliceConsumer(b.Pipeline, name, h, stage.ConsumerConfig[int]{})
}
