package virtual

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// DefaultLimit is how much real time a call may take, the start of its child
// included, unless [Function.Within] says otherwise.
const DefaultLimit = 10 * time.Second

// Function is a registered function: a handle to run it with. It is a value,
// safe for concurrent use.
type Function[In, Out any] struct {
	name  string
	limit time.Duration
	do    func(context.Context, In) (Out, error)
}

// Result is what a call gave.
type Result[Out any] struct {
	Value   Out
	Elapsed time.Duration // virtual: from the function's begin to its return
	Took    time.Duration // real: all of Run, the start of the child included
}

// registry holds every registered call by the name of its function. It is filled
// while packages are initialised, in the parent and in the child alike: that is
// how a child knows what its parent means.
var registry sync.Map // string to call

// call is a Function without its types, as the child runs it.
type call func(ctx context.Context, input json.RawMessage) reply

// Register makes a function known by a name. Do it in the declaration of a
// package variable: a child knows only what is registered before main begins.
// A name that is taken panics.
//
// The function gets the input as JSON carried it, and a context of the bubble
// that ends when it has returned. The context of Run does not reach it: when that
// ends, the child is killed.
func Register[In, Out any](name string, do func(context.Context, In) (Out, error)) Function[In, Out] {
	f := Function[In, Out]{name: name, limit: DefaultLimit, do: do}
	if _, taken := registry.LoadOrStore(name, call(f.call)); taken {
		panic("virtual: a function named " + name + " is registered already")
	}
	return f
}

// Within is the same function with another limit of real time. Zero or less is
// [DefaultLimit].
func (f Function[In, Out]) Within(limit time.Duration) Function[In, Out] {
	f.limit = limit
	if limit <= 0 {
		f.limit = DefaultLimit
	}
	return f
}

// Run runs the function in a child process and waits for it. Whatever comes back,
// the child has ended and is reaped, and nothing of it is left.
//
// When ctx ends, the error is context.Cause(ctx). All other failures are an
// [*Error], but for a child that the system did not start.
func (f Function[In, Out]) Run(ctx context.Context, in In) (Result[Out], error) {
	began := time.Now()
	input, err := json.Marshal(in)
	if err != nil {
		return Result[Out]{}, &Error{Function: f.name, Ending: ErrInput, Text: err.Error()}
	}
	answer, err := ask(ctx, request{Function: f.name, Input: input}, f.limit)
	if err != nil {
		return Result[Out]{}, err
	}
	r := Result[Out]{Elapsed: answer.Elapsed}
	if err := json.Unmarshal(answer.Output, &r.Value); err != nil {
		return Result[Out]{}, &Error{Function: f.name, Ending: ErrOutput, Text: err.Error()}
	}
	r.Took = time.Since(began)
	return r, nil
}

// call runs in the bubble of a child.
func (f Function[In, Out]) call(ctx context.Context, input json.RawMessage) reply {
	var in In
	if err := json.Unmarshal(input, &in); err != nil {
		return reply{Ending: ErrInput, Text: err.Error()}
	}
	began := time.Now()
	out, err := f.do(ctx, in)
	elapsed := time.Since(began)
	if err != nil {
		return reply{Ending: ErrFailed, Text: err.Error()}
	}
	output, err := json.Marshal(out)
	if err != nil {
		return reply{Ending: ErrOutput, Text: err.Error()}
	}
	return reply{Output: output, Elapsed: elapsed}
}
