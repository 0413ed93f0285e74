package supervise

import (
	"context"
	"errors"
)

// ending is what one end of a child means.
type ending struct {
	asked  error // ErrStopping or ErrKilled if it had been told to end
	failed bool  // the end was abnormal
	again  bool  // its policy wants it started again, now; who was told to stop waits for its tree
	state  State // what it is in unless it is started again
	err    error // worth keeping as its last error; nil if nothing is
}

// endingOf judges the end of a child that was asked to end, or not, and returned err.
func endingOf(policy Restart, asked, err error) ending {
	e := ending{asked: asked, failed: asked == ErrKilled || asked == nil && err != nil}
	e.again = asked != ErrStopping && (policy == Permanent || policy == Transient && e.failed)
	e.state = stateAfter(asked, e.failed)
	switch {
	case asked == nil || !isFarewell(err):
		e.err = err
	case asked == ErrKilled:
		e.err = ErrKilled
	}
	return e
}

func stateAfter(asked error, failed bool) State {
	switch {
	case asked == ErrStopping:
		return StateStopped
	case failed:
		return StateFailed
	}
	return StateFinished
}

// isFarewell reports whether err is no more than a service's way of saying that
// its context ended. It follows plain wrapping only: what is joined with a
// farewell, or panicked with one, is news of its own.
func isFarewell(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		switch err {
		case context.Canceled, ErrStopping, ErrKilled:
			return true
		}
		switch err.(type) {
		case *PanicError, *IntensityError:
			return false
		}
		if errors.Unwrap(err) == nil {
			return false
		}
	}
	return true
}
