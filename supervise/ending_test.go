package supervise

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestAnEndIsJudgedByWhatWasAskedAndWhatCameBack(t *testing.T) {
	bad := errors.New("bad")
	for name, c := range map[string]struct {
		policy     Restart
		asked, err error
		want       ending
	}{
		"nil, permanent":            {Permanent, nil, nil, ending{again: true, state: StateFinished}},
		"nil, transient":            {Transient, nil, nil, ending{state: StateFinished}},
		"error, transient":          {Transient, nil, bad, ending{failed: true, again: true, state: StateFailed, err: bad}},
		"error, temporary":          {Temporary, nil, bad, ending{failed: true, state: StateFailed, err: bad}},
		"canceled, though unasked":  {Temporary, nil, context.Canceled, ending{failed: true, state: StateFailed, err: context.Canceled}},
		"nil, killed, transient":    {Transient, ErrKilled, nil, ending{asked: ErrKilled, failed: true, again: true, state: StateFailed, err: ErrKilled}},
		"error, killed, temporary":  {Temporary, ErrKilled, bad, ending{asked: ErrKilled, failed: true, state: StateFailed, err: bad}},
		"cause, told to stop":       {Permanent, ErrStopping, ErrStopping, ending{asked: ErrStopping, state: StateStopped}},
		"error, told to stop":       {Permanent, ErrStopping, bad, ending{asked: ErrStopping, state: StateStopped, err: bad}},
		"nil, temporary, was stuck": {Temporary, ErrStopping, nil, ending{asked: ErrStopping, state: StateStopped}},
	} {
		if got := endingOf(c.policy, c.asked, c.err); got != c.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, c.want)
		}
	}
}

func TestAFarewellSaysNoMoreThanThatTheContextEnded(t *testing.T) {
	bad := errors.New("bad")
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, true},
		{context.Canceled, true},
		{fmt.Errorf("read: %w", ErrStopping), true},
		{bad, false},
		{context.DeadlineExceeded, false},
		{errors.Join(ErrStopping, bad), false},
		{&PanicError{Value: context.Canceled}, false},
		{fmt.Errorf("below: %w", &IntensityError{Err: ErrKilled}), false},
	} {
		if got := isFarewell(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
