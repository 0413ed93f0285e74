package virtual

// Ending is how a call failed. errors.Is finds it in an [*Error].
type Ending string

func (e Ending) Error() string { return string(e) }

// The ways in which a call fails. Text and Trace are those of the [*Error].
const (
	// ErrNoMain: [Main] was not called in this process, or this is a child, in
	// which no further one may be started. No child was.
	ErrNoMain Ending = "virtual.Main was not called first thing in main or TestMain, or this is a child"
	// ErrInput: the input does not fit JSON, and no child was started; or what
	// came out of JSON is no input, as with an UnmarshalJSON that refuses it.
	ErrInput Ending = "the input does not fit JSON"
	// ErrUnknown: the child has no function of that name. It was registered
	// after main began.
	ErrUnknown Ending = "no such function in the child"
	// ErrFailed: the function returned an error, whose text is Text. No more of
	// an error than its text passes a process: what a caller has to tell apart
	// belongs into the output.
	ErrFailed Ending = "the function failed"
	// ErrPanicked: the function panicked, or a goroutine that it started did.
	// Text is the value, Trace the stack. runtime.Goexit counts as a panic.
	ErrPanicked Ending = "the function panicked"
	// ErrDeadlock: every goroutine waits for another, and none for the clock.
	// Trace shows where. One that waits for a mutex that is held across a wait is
	// found too, if the runtime sees that nothing runs; else, as with the race
	// detector, it is an ErrLimit.
	ErrDeadlock Ending = "the function is in a deadlock"
	// ErrLeft: the function returned a value, but goroutines that it started
	// still wait, also after its context ended. Trace shows where.
	ErrLeft Ending = "the function left goroutines behind"
	// ErrLimit: the limit of real time was over. Text is the limit, Trace shows
	// all goroutines of the child, unless it was too busy to tell.
	ErrLimit Ending = "the limit of real time is over"
	// ErrOutput: the output does not fit JSON, or is more than 16 MiB of it.
	ErrOutput Ending = "the output does not fit JSON, or 16 MiB of it"
	// ErrDied: the child ended without an answer: by os.Exit, by a signal, by a
	// fatal error, or as the race detector found a race. Text is its exit code
	// or signal, Trace the report of the runtime, or else the end of what it
	// wrote to standard error.
	ErrDied Ending = "the child died"
)

// Error says why a call of a function gave no value. Its Ending is one of the
// constants.
type Error struct {
	Function string // the name it is registered by
	Ending   Ending
	Text     string // in a line, what is known; may be empty
	Trace    string // stacks or output, at most 64 KiB; may be empty
}

// Error is all but the trace.
func (e *Error) Error() string {
	text := "virtual: " + e.Function + ": " + string(e.Ending)
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

func (e *Error) Unwrap() error { return e.Ending }
