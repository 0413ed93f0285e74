package resource

import (
	"context"
	"time"
)

// Place is a place in the resource, or in the line before it, that one piece of
// work holds. It belongs to one goroutine at a time.
type Place struct {
	caller  *Caller
	life    *life
	latency time.Duration
	stage   stage         // guarded by the mock's mutex
	turn    chan struct{} // closed when the place comes out of the line; nil if it never stood in it
	timer   *time.Timer   // of a use that takes its latency; guarded by the mock's mutex
	times   Times         // of a stage that is not over: the moment on the mock's clock when it began

	next, prev *Place // neighbours in the line or among those in use; guarded by the mock's mutex
}

// Times says how the time of one piece of work went.
type Times struct {
	Waited time.Duration // in line
	Took   time.Duration // using the resource
}

// Times returns them after Use or Leave; before, they mean nothing.
func (p *Place) Times() Times { return p.times }

// Done reports, after Use or Leave, whether the whole latency was taken.
func (p *Place) Done() bool { return p.stage == done }

// stage is where a place is in its life.
type stage int8

const (
	gone   stage = iota // counted out; the zero value
	inLine              // waits for room
	inUse               // counted in
	done                // counted out, after its whole latency
)

// Use waits for the place's turn, if it stands in line, then takes the latency
// and gives the place back. It returns nil when the whole latency was taken,
// otherwise ctx's cause or [ErrRestarted]; the use then counts as failed, or as
// abandoned if its turn never came. The place is given back on every path, a
// panic included.
func (p *Place) Use(ctx context.Context) (err error) {
	whole := false
	defer func() { p.leave(whole) }()
	if p.turn != nil {
		if err := p.await(ctx); err != nil {
			return err
		}
	}
	if p.latency <= 0 {
		if p.life.ended.Load() {
			return ErrRestarted
		}
		err = context.Cause(ctx)
		whole = err == nil
		return err
	}
	// The wait stands here and not in a function of its own to spare a frame: at
	// this depth a million goroutines must not outgrow their first 2 KiB of stack.
	t := time.NewTimer(p.latency)
	defer t.Stop()
	if !p.arm(t) {
		return ErrRestarted
	}
	select {
	case <-t.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.life.ended.Load() { // a restart made the timer fire
		return ErrRestarted
	}
	whole = true
	return nil
}

// Leave gives a place back that will not be used: a failed use, or an abandoned
// wait. After Use, or a second time, it does nothing; so it can be deferred by
// whoever hands a place to another goroutine.
func (p *Place) Leave() { p.leave(false) }

func (p *Place) await(ctx context.Context) error {
	select {
	case <-p.turn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.life.over:
		return ErrRestarted
	}
}

// arm makes the timer known to whoever ends the life; false if it has ended. A
// restart does not close a channel that all uses select on, which would cost each
// of a million its share of a wait queue: it makes their timers fire.
func (p *Place) arm(t *time.Timer) bool {
	m := p.caller.mock
	m.mu.Lock()
	defer m.mu.Unlock()
	p.timer = t
	return !p.life.ended.Load()
}

func (p *Place) leave(whole bool) {
	if p.caller == nil {
		return
	}
	m := p.caller.mock
	m.mu.Lock()
	defer m.mu.Unlock()
	switch p.stage {
	case inLine:
		m.line.remove(p)
		m.all.Waiting--
		p.caller.books.Waiting--
		m.abandon(p)
	case inUse:
		m.end(p, whole)
		m.admitWaiting()
	}
}
