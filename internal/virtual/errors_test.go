package virtual_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/virtual"
)

// of is a call that is to fail.
func of[In, Out any](f virtual.Function[In, Out], in In) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := f.Within(time.Minute).Run(ctx, in)
		return err
	}
}

func TestEveryEndingHasItsOwnError(t *testing.T) {
	const tooMuch = 16 << 20
	for name, test := range map[string]struct {
		call        func(context.Context) error
		ending      virtual.Ending
		text, trace string // that are contained
	}{
		"an error":                          {of(fails, nothing{}), virtual.ErrFailed, "no such luck", ""},
		"an error, and goroutines":          {of(failsAndLeaves, nothing{}), virtual.ErrFailed, "no such luck", ""},
		"a panic":                           {of(panics, nothing{}), virtual.ErrPanicked, "boom", "virtual_test.explode"},
		"a panic of another goroutine":      {of(panicsBeside, nothing{}), virtual.ErrPanicked, "boom", "virtual_test.explode"},
		"a Goexit":                          {of(goexits, nothing{}), virtual.ErrPanicked, "runtime.Goexit", "functions_test.go"},
		"a deadlock":                        {of(blocks, nothing{}), virtual.ErrDeadlock, "", "virtual_test.waitForEver"},
		"a goroutine that waits":            {of(leaves, nothing{}), virtual.ErrLeft, "", "virtual_test.waitForEver"},
		"a goroutine that ticks":            {of(leavesTicker, nothing{}), virtual.ErrLeft, "", "virtual_test.tickForEver"},
		"an exit":                           {of(exits, nothing{}), virtual.ErrDied, "exit status 7", ""},
		"a fatal error":                     {of(unlocks, nothing{}), virtual.ErrDied, "exit status 2, fatal error: sync: unlock of unlocked mutex", "virtual_test.unlock"},
		"an exit with words":                {of(complains, nothing{}), virtual.ErrDied, "exit status 7", "the last one\n"},
		"an input that does not fit JSON":   {of(takesChannels, nil), virtual.ErrInput, "chan int", ""},
		"an input that JSON does not bring": {of(isParticular, particular{}), virtual.ErrInput, "not this one", ""},
		"an output that does not fit JSON":  {of(returnsNaN, nothing{}), virtual.ErrOutput, "NaN", ""},
		"an output that is too large":       {of(returns, tooMuch), virtual.ErrOutput, "bytes", ""},
		"an answer that is too large":       {of(babbles, nothing{}), virtual.ErrOutput, "more", ""},
		"a call within a call":              {of(nests, nothing{}), virtual.ErrFailed, string(virtual.ErrNoMain), ""},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, test.call(t.Context()), test.ending, test.text, test.trace)
		})
	}
}

func want(t *testing.T, err error, ending virtual.Ending, text, trace string) {
	t.Helper()
	if !errors.Is(err, ending) {
		t.Fatalf("got %v, want %v", err, ending)
	}
	e, ok := errors.AsType[*virtual.Error](err)
	if !ok || e.Function == "" || !strings.Contains(err.Error(), e.Function) {
		t.Errorf("%v does not name its function", err)
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("%v does not say %q", err, text)
	}
	if !strings.Contains(e.Trace, trace) || len(e.Trace) > 64<<10 {
		t.Errorf("the trace has %d bytes, want %q in it:\n%s", len(e.Trace), trace, e.Trace)
	}
}

// A child knows what is registered before main, and this comes after.
func TestAFunctionThatIsRegisteredLateIsUnknown(t *testing.T) {
	_, err := late().Run(t.Context(), nothing{})
	want(t, err, virtual.ErrUnknown, "late", "")
}

var late = func() func() virtual.Function[nothing, nothing] {
	var f *virtual.Function[nothing, nothing]
	return func() virtual.Function[nothing, nothing] {
		if f == nil { // -count runs the test again
			made := does("late", func(context.Context) {})
			f = &made
		}
		return *f
	}
}()
