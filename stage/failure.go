package stage

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Failure is one event whose handler returned an error, panicked, or ended its
// goroutine.
type Failure[T any] struct {
	Stage   string // whose handler it was
	Event   T
	Seq     uint64 // the event's number in its outlet, from 0
	Attempt int    // uses that counted, this one included
	Tries   int    // all uses, this one included
	Err     error  // a *PanicError if it panicked, ErrGoexit if the goroutine ended
}

// Action is what becomes of an event that failed.
type Action uint8

// The actions. Each settles the event but Retry and Stop, after which it is still in
// the books. What is given up counts as Failed; Dropped is what nobody was given, since
// the outlet overflowed, or its subscriber lagged or left.
const (
	Drop       Action = iota // give it up: count it as failed
	Retry                    // use it again, after Verdict.After
	DeadLetter               // count it as failed and put it into the stage's DeadLetters
	Stop                     // put it back and end the stage with the error; Run then drains all the others
)

func (a Action) String() string {
	if a > Stop {
		return "unknown action"
	}
	return [...]string{"drop", "retry", "dead letter", "stop"}[a]
}

// Verdict is an [Action] with what it needs. The zero value gives the event up. A
// policy that tries again, three times at most and each time later, and then sets the
// event aside:
//
//	func(f stage.Failure[Order]) stage.Verdict {
//		if f.Attempt <= 3 { // what has failed now: the first try is 1
//			return stage.RetryAfter(50 * time.Millisecond << f.Attempt)
//		}
//		return stage.Verdict{Action: stage.DeadLetter}
//	}
type Verdict struct {
	Action Action
	// After is how long a Retry waits at least. The wait holds no worker and no
	// demand; the event counts against the buffer's bound. At 0 or below it is used
	// again at once, and a policy that always says so spins. While the pipeline
	// drains no retry waits longer than 100 ms, so that attempts are soon spent.
	After time.Duration
	// Unspent keeps Failure.Attempt as it was before this use: for a failure that
	// is not the event's, such as a resource that was full.
	Unspent bool
}

// RetryAfter is the verdict to use the event again after d.
func RetryAfter(d time.Duration) Verdict { return Verdict{Action: Retry, After: d} }

// SliceError is how a slice handler says which of its events failed; the others
// are done. Indexes are those of the slice it was given. One that names none of
// them fails them all: an error is never taken for a success.
type SliceError struct {
	Failed map[int]error
}

func (e *SliceError) Error() string {
	if e == nil || len(e.Failed) == 0 {
		return "no event is named"
	}
	first := slices.Min(slices.Collect(maps.Keys(e.Failed)))
	if len(e.Failed) == 1 {
		return fmt.Sprintf("event %d of the slice: %v", first, e.Failed[first])
	}
	return fmt.Sprintf("%d events of the slice, the first of them %d: %v", len(e.Failed), first, e.Failed[first])
}

// Unwrap lists the errors, in the order of the events.
func (e *SliceError) Unwrap() []error {
	if e == nil {
		return nil
	}
	errs := make([]error, 0, len(e.Failed))
	for _, i := range slices.Sorted(maps.Keys(e.Failed)) {
		errs = append(errs, e.Failed[i])
	}
	return errs
}

// names says whether an error speaks of some events only, or of none.
func names(err error) bool {
	if err == nil {
		return true
	}
	some, _ := errors.AsType[*SliceError](err)
	return some != nil
}

// fate is what becomes of one event in hand that was not simply done.
type fate struct {
	i       int
	what    Action
	back    bool // nothing of what below: it returns to its place as if never taken
	after   time.Duration
	unspent bool
	err     error
}

func (f fate) settles() bool { return !f.back && (f.what == Drop || f.what == DeadLetter) }
