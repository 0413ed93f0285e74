package supervise

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Causes with which the context of a child ends.
var (
	// ErrStopping means that the tree, or a part of it, is being stopped: also for
	// the sake of a sibling that is restarted, or by [Tree.Remove].
	ErrStopping = errors.New("the supervisor is stopping")
	// ErrKilled means that [Tree.Kill] asked for an abnormal end.
	ErrKilled = errors.New("killed")
)

var (
	// ErrNotFound is returned by [Tree.Kill] and [Tree.Remove] for a name that the
	// tree does not have.
	ErrNotFound = errors.New("no such child")
	// ErrTaken is returned by [Tree.Add] for a name that the tree has already.
	ErrTaken = errors.New("the name is taken")
	// ErrNotRunning is returned by [Tree.Kill] for a child that has ended, or is about to.
	ErrNotRunning = errors.New("not running")
	// ErrServing is returned by [Tree.Serve] while another Serve of the tree runs.
	ErrServing = errors.New("the tree is being served already")
	// ErrGoexit is how a child ended whose goroutine called runtime.Goexit.
	ErrGoexit = errors.New("the goroutine exited without returning")
	// ErrIntensity matches every [*IntensityError].
	ErrIntensity = errors.New("restart intensity exceeded")
)

// errHook is how a Serve of a tree ended that its hook ended, by a panic or Goexit.
var errHook = errors.New("the hook did not return")

// PanicError is how a child ended that panicked.
type PanicError struct {
	Value any
	Stack []byte // as runtime/debug.Stack gives it, of the goroutine that panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic's value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// IntensityError is why a tree gave up: one child more than allowed had to be
// restarted within the period.
type IntensityError struct {
	Tree   string
	Child  string // the one whose end was one too many
	Max    int
	Within time.Duration
	Err    error // how that child ended; nil if it returned nil
}

func (e *IntensityError) Error() string {
	why := "it returned"
	if e.Err != nil {
		why = fmt.Sprint(e.Err) // which survives an Error method that panics
	}
	return fmt.Sprintf("%s gave up: more than %d restarts in %v, the last of %s: %s", e.Tree, e.Max, e.Within, e.Child, why)
}

// Unwrap returns how the last child ended.
func (e *IntensityError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrIntensity].
func (e *IntensityError) Is(target error) bool { return target == ErrIntensity }

// StuckError tells which children, those of trees below included, had not
// returned when their time to stop was over. Their goroutines still run.
type StuckError struct {
	Names []string // in start order
}

func (e *StuckError) Error() string {
	return "did not stop in time: " + strings.Join(e.Names, ", ")
}
