package stage

import (
	"errors"
	"runtime/debug"
	"sync"
	"time"
)

func ns(n int64) time.Duration { return time.Duration(max(0, n)) }

// caught turns a panic into an error. It is deferred, by its own name, in the
// one frame that calls foreign code.
func caught(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}

// failureLog writes failed events to the log, but no more than one line a
// second: a line says how many it stands for.
type failureLog struct {
	mu     sync.Mutex // guards what follows
	next   int64      // when the next line may be written
	unsaid int
}

func (l *failureLog) note(p *Pipeline, stage string, attempt int, err error) {
	l.mu.Lock()
	now := p.now()
	if now < l.next {
		l.unsaid++
		l.mu.Unlock()
		return
	}
	unsaid := l.unsaid
	l.next, l.unsaid = now+int64(time.Second), 0
	l.mu.Unlock()
	p.cfg.Logger.Warn("event failed", withStack(err, "stage", stage, "attempt", attempt, "err", err, "suppressed", unsaid)...)
}

// withStack adds to what is logged where a panic was.
func withStack(err error, about ...any) []any {
	if panicked, ok := errors.AsType[*PanicError](err); ok {
		about = append(about, "stack", string(panicked.Stack))
	}
	return about
}

// flush says how many lines were not written.
func (l *failureLog) flush(p *Pipeline, stage string) {
	l.mu.Lock()
	unsaid := l.unsaid
	l.next, l.unsaid = 0, 0
	l.mu.Unlock()
	if unsaid > 0 {
		p.cfg.Logger.Warn("events failed", "stage", stage, "suppressed", unsaid)
	}
}
