package stage

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrFull is what [Queue.TryPush] answers when the buffer has no room.
	ErrFull = errors.New("stage: queue is full")
	// ErrClosed is what a push is answered after [Queue.Close], or once the
	// pipeline drains.
	ErrClosed = errors.New("stage: queue is closed")
	// ErrSealed is what a push is answered between [Queue.Seal] and [Queue.Unseal].
	ErrSealed = errors.New("stage: queue is sealed")
	// ErrDropped is the outcome that [Queue.Do] tells of an event that was
	// dropped because the queue overflowed.
	ErrDropped = errors.New("stage: event dropped, the queue overflowed")
	// ErrTimeout is the cause with which the context of a handler ends that took
	// longer than its stage's Timeout.
	ErrTimeout = errors.New("stage: the handler took too long")
	// ErrServing is returned by a Serve or Run that is already under way.
	ErrServing = errors.New("stage: already running")
	// ErrEnded is returned by Subscribe of a stage that has left its pipeline, or whose
	// own outlet has ended; by Serve of one that has left, or that would take what it
	// could make nothing of; and by what would change a [Subscription] that is over.
	ErrEnded = errors.New("stage: has ended")
	// ErrAutomatic is returned by [Subscription.Ask] of a subscription that asks by
	// itself.
	ErrAutomatic = errors.New("stage: the subscription asks by itself")
	// ErrLagged is why a subscription is over that fell too far behind; see [Lag].
	ErrLagged = errors.New("stage: too far behind")
	// ErrCycle is what a subscription is refused with that would send events in a
	// circle.
	ErrCycle = errors.New("stage: events would go in a circle")
	// ErrDraining is the cause with which the context of a Fetch ends when its
	// pipeline drains.
	ErrDraining = errors.New("stage: draining")
	// ErrGoexit is the failure of an event whose handler ended its goroutine, and of
	// a stage whose Serve was ended so, by its source or a hook.
	ErrGoexit = errors.New("stage: goroutine ended from within")
	// ErrPending is what [Queue.Do] answers, beside the cause, when its context ends
	// after the event was accepted: its outcome is not known yet.
	ErrPending = errors.New("stage: accepted, outcome not known yet")
	// ErrAborted is the cause with which handlers are told to leave when the time
	// to drain is up.
	ErrAborted = errors.New("stage: time to drain is up")

	errNothing  = errors.New("source returned neither an event nor an error")
	errUnserved = errors.New("stage: all stages have ended, nobody takes what is left")
)

// StageError is the failure of one stage, as Run and Serve return it.
type StageError struct {
	Stage string
	Err   error
}

func (e *StageError) Error() string { return fmt.Sprintf("stage %s: %v", e.Stage, e.Err) }
func (e *StageError) Unwrap() error { return e.Err }

// UpstreamError is what a stage ends with because what it takes from failed.
type UpstreamError struct {
	Outlet string
	Err    error
}

func (e *UpstreamError) Error() string { return fmt.Sprintf("outlet %s failed: %v", e.Outlet, e.Err) }
func (e *UpstreamError) Unwrap() error { return e.Err }

// PanicError is a panic of a handler, a source, a Key, a Weigh or a Where. It is the
// error of the events that were in the handler's hand.
type PanicError struct {
	Value any
	Stack []byte // as debug.Stack gives it, from where the panic was
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap is the value of the panic, if that was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// FetchError is a source that broke its contract by saying that it had filled
// more than it was given, or less than nothing.
type FetchError struct {
	Asked, Got int
}

func (e *FetchError) Error() string {
	return fmt.Sprintf("source says it filled %d of %d events", e.Got, e.Asked)
}

// SettingError is a setting out of its bounds. Nothing was changed.
type SettingError struct {
	Of      string // the stage, or what was being set up
	Setting string
	Value   any
	Want    string
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("stage: %s: %s = %v, want %s", e.Of, e.Setting, e.Value, e.Want)
}

// DrainError says what a drain left behind when its time was up.
type DrainError struct {
	Cause error // why it ended: ErrAborted, the cause of the context of Drain, or that nobody is left who takes
	Left  []Left
}

// Left is what one outlet still held: of a [Batcher]'s, its batches. The events in
// batches that had not left are a Left of their own, under the same name.
type Left struct {
	Outlet                          string
	Buffer, Inboxes, Hands, Delayed int
	Gathered                        int
}

// Events is how many events are left in all.
func (l Left) Events() int { return l.Buffer + l.Inboxes + l.Hands + l.Delayed + l.Gathered }

func (l Left) String() string {
	if l.Gathered > 0 {
		return fmt.Sprintf("%s has gathered %d events in batches that have not left", l.Outlet, l.Gathered)
	}
	return fmt.Sprintf("%s still has %d (%d waiting, %d in inboxes, %d in hand, %d to be retried)",
		l.Outlet, l.Events(), l.Buffer, l.Inboxes, l.Hands, l.Delayed)
}

func (e *DrainError) Error() string {
	parts := make([]string, 0, len(e.Left))
	for _, l := range e.Left {
		parts = append(parts, l.String())
	}
	if len(parts) == 0 {
		return fmt.Sprintf("%v; everything is settled, but a stage has not ended", e.Cause)
	}
	return fmt.Sprintf("%v; not drained: %s", e.Cause, strings.Join(parts, "; "))
}

func (e *DrainError) Unwrap() error { return e.Cause }
