package part2

import (
	"context"
	"errors"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/stage"
)

// event is what waits in the queue. It is small, since millions may.
type event struct {
	at    time.Duration // when it was enqueued, on the part's monotonic clock
	depth uint32        // events that it found in the system
}

// handle is all that is done with an event.
func (p *Part) handle(ctx context.Context, _ event) error {
	if p.instead != nil {
		return p.instead(ctx)
	}
	return p.caller.Use(ctx)
}

// judge decides what becomes of an event whose use failed. A resource that is full
// or restarting is not the event's fault and spends no attempt.
func (p *Part) judge(f stage.Failure[event]) stage.Verdict {
	again := stage.RetryAfter(pause(f.Tries))
	if _, full := errors.AsType[*resource.FullError](f.Err); full || errors.Is(f.Err, resource.ErrRestarted) {
		again.Unspent = true
		return again
	}
	if f.Attempt < int(p.attempts.Load()) {
		return again
	}
	return stage.Verdict{Action: stage.Drop}
}

// clock is the time since the part was made: one read of the monotonic clock.
func (p *Part) clock() time.Duration { return time.Since(p.made) }
