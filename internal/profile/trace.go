package profile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/trace"
	"sync"
	"time"
)

// What a flight recorder keeps, whichever is less: the runtime may keep up to
// twice the time.
const (
	KeptTrace      = 10 * time.Second
	KeptTraceBytes = 16 << 20
)

// ErrNotRecording is returned by a flight recorder that is off.
var ErrNotRecording = errors.New("the flight recorder is off")

// TakeTrace writes the execution trace of the next d to w, for go tool trace. It does
// not touch a flight recorder. The error is [ErrBusy], or the cause of ctx.
func TakeTrace(ctx context.Context, d time.Duration, w io.Writer) error {
	if err := trace.Start(w); err != nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	defer trace.Stop()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// FlightRecorder keeps the last seconds of the execution trace, to be written when
// something has happened. Its zero value is ready, and off. While it is on it costs
// about a percent of a core with ten thousand goroutines asleep, more where they
// are switched often, and up to twice KeptTraceBytes of memory.
type FlightRecorder struct {
	mu  sync.Mutex // guards what follows
	now *trace.FlightRecorder
	on  time.Time
}

// Start begins to record; nothing happens if it does already. The error is that
// of the runtime, when another package records.
func (f *FlightRecorder) Start() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != nil {
		return nil
	}
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: KeptTrace, MaxBytes: KeptTraceBytes})
	if err := recorder.Start(); err != nil {
		return fmt.Errorf("start the flight recorder: %w", err)
	}
	f.now, f.on = recorder, time.Now()
	return nil
}

// Stop ends recording, and forgets what was kept.
func (f *FlightRecorder) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != nil {
		f.now.Stop()
		f.now = nil
	}
}

// Since returns since when it records; false: it is off.
func (f *FlightRecorder) Since() (time.Time, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.on, f.now != nil
}

// WriteTo writes what is kept, for go tool trace, and goes on recording. The
// error is [ErrNotRecording], or that of w.
func (f *FlightRecorder) WriteTo(w io.Writer) (int64, error) {
	f.mu.Lock()
	now := f.now
	f.mu.Unlock() // writing takes its time, and others want to know whether it is on
	if now == nil {
		return 0, ErrNotRecording
	}
	n, err := now.WriteTo(w)
	if _, on := f.Since(); err != nil && !on {
		return n, ErrNotRecording // it was switched off meanwhile
	}
	return n, err
}
