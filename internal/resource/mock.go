package resource

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Mock is the limited resource. All its methods may be called from any
// goroutine.
type Mock struct {
	made time.Time // the zero of its clock

	mu       sync.Mutex // guards all below; never held across a wait or a call out
	settings Settings
	life     *life // nil while Serve does not run
	using    line  // places in use
	line     line  // places waiting for room
	all      ledger
	effort   effort
	callers  []*Caller
	drawn    uint64 // uses started since the last reset: the number that a draw depends on
}

// life is the time between a start of Serve and its end. A use belongs to the
// life in which it was admitted and ends with it.
type life struct {
	over  chan struct{} // closed at its end; heard by who waits in line
	ended atomic.Bool   // the same, for a use to ask when its timer fires
}

// New returns a resource that admits nothing until Serve runs.
func New(s Settings) (*Mock, error) {
	m := &Mock{made: time.Now()}
	if err := m.Apply(s); err != nil {
		return nil, err
	}
	return m, nil
}

// Apply changes the settings for uses that begin from now on, all at once or,
// with an error, none. Whoever a raised limit makes room for is admitted before
// Apply returns.
func (m *Mock) Apply(s Settings) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("resource: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settings = s
	m.admitWaiting()
	return nil
}

// Settings returns those in force.
func (m *Mock) Settings() Settings {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settings
}

// Serve keeps the resource open until ctx ends. Then the uses in flight and in
// line end with [ErrRestarted]. It returns the cause of ctx's end.
func (m *Mock) Serve(ctx context.Context) error {
	if err := m.open(); err != nil {
		return err
	}
	defer m.close()
	<-ctx.Done()
	return context.Cause(ctx)
}

// Running reports whether the resource admits uses at all.
func (m *Mock) Running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.life != nil
}

func (m *Mock) open() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life != nil {
		return fmt.Errorf("resource: served twice at the same time")
	}
	m.life = &life{over: make(chan struct{})}
	return nil
}

func (m *Mock) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.life.ended.Store(true)
	close(m.life.over)
	for p := m.using.first; p != nil; p = p.next {
		if p.timer != nil {
			p.timer.Reset(0)
		}
	}
	m.life = nil
	// Whoever still stands in line is told by the closed channel and leaves on
	// its own; admitting it meanwhile would start a use that is over already.
}
