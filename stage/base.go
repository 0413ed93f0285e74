package stage

import (
	"context"
	"sync"
)

// base is what all stages share: a name in a pipeline, and one Serve at a time.
type base struct {
	pipe *Pipeline
	name string
	kind string

	mu      sync.Mutex // guards what follows
	wrong   error      // a setting that Serve refuses
	state   State
	serving bool
	left    bool // it has left the pipeline for good
	lastErr error
	cancel  context.CancelCauseFunc // of the present Serve
	over    chan struct{}           // closed when the present Serve is over
}

func (b *base) about() *base { return b }

// Name is the name that the stage was made with.
func (b *base) Name() string { return b.name }

// begin starts a Serve. The context it returns also ends by abort.
func (b *base) begin(ctx context.Context) (context.Context, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.wrong != nil:
		return nil, b.wrong
	case b.serving:
		return nil, &StageError{b.name, ErrServing}
	case b.left:
		return nil, &StageError{b.name, ErrEnded}
	}
	ctx, b.cancel = context.WithCancelCause(ctx)
	b.serving, b.state, b.over = true, StateRunning, make(chan struct{})
	return ctx, nil
}

// ending is how a Serve ends.
type ending struct {
	state State
	err   error
	final bool // the stage has left its pipeline
}

// end is the end of a Serve; tellEnd follows when no lock is held.
func (b *base) end(e ending) {
	b.mu.Lock()
	cancel, over := b.cancel, b.over
	b.serving, b.state, b.cancel, b.left = false, e.state, nil, e.final
	if e.err != nil {
		b.lastErr = e.err
	}
	b.mu.Unlock()
	cancel(nil)
	close(over)
}

func (b *base) tellEnd(e ending) error {
	b.pipe.tell(StageEnded{b.name, e.state, e.err})
	return e.err
}

// served is closed when no Serve is under way.
func (b *base) served() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over == nil {
		b.over = make(chan struct{})
		close(b.over)
	}
	return b.over
}

// abort ends the present Serve as the end of its context would.
func (b *base) abort(cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cancel != nil {
		b.cancel(cause)
	}
}

func (b *base) hasLeft() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left
}

// isReady says whether it was made and has not been served yet.
func (b *base) isReady() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state == StateReady && !b.left
}

func (b *base) isServing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.serving
}

func (b *base) read() StageSnapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := StageSnapshot{Name: b.name, Kind: b.kind, State: b.state}
	if b.lastErr != nil {
		s.Err = b.lastErr.Error()
	}
	return s
}
