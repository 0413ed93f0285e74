package virtual

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
)

// inBubble runs a call under a virtual clock, waits for all that it started, and
// says how it ended. It does not return if the race detector found something: the
// test then fails and the child ends with its code.
func inBubble(t *testing.T, do call, input json.RawMessage) (r reply) {
	var outcome *reply // nil until the call has ended
	defer func() {
		if caught := recover(); caught != nil {
			r = afterDeadlock(caught, outcome)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		go func() { // a goroutine of its own, as a Goexit would end the test too
			defer close(ended)
			protect(t.Context(), do, input, &outcome)
		}()
		<-ended
	})
	return *outcome
}

// protect sets the outcome, also if the call panics. It recovers, as the stack
// is wanted as a value; the process ends anyhow.
func protect(ctx context.Context, do call, input json.RawMessage, outcome **reply) {
	defer func() {
		if *outcome != nil {
			return
		}
		text := "runtime.Goexit"
		if value := recover(); value != nil {
			text = fmt.Sprint(value)
		}
		*outcome = &reply{Ending: ErrPanicked, Text: text, Trace: head(string(debug.Stack()))}
	}()
	r := do(ctx, input)
	*outcome = &r
}

// afterDeadlock judges what synctest panicked with. What the function itself said
// comes first if it failed: what it left behind then is likely a consequence.
func afterDeadlock(caught any, outcome *reply) reply {
	err, ok := caught.(error)
	if !ok || !strings.HasPrefix(err.Error(), "deadlock: ") {
		panic(caught)
	}
	switch {
	case outcome == nil:
		return reply{Ending: ErrDeadlock, Trace: head(bubbled())}
	case outcome.Ending != "":
		return *outcome
	default:
		return reply{Ending: ErrLeft, Trace: head(bubbled())}
	}
}

// bubbled is the stacks of the goroutines of the bubble.
func bubbled() string {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	var ours []string
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if first, _, _ := strings.Cut(stack, "\n"); strings.Contains(first, "synctest bubble") {
			ours = append(ours, stack)
		}
	}
	return strings.Join(ours, "\n\n")
}

// head is the begin of a trace: the innermost frames, the first goroutines.
func head(trace string) string { return trace[:min(len(trace), maxTrace)] }
