package part2

import (
	"context"
	"errors"

	"github.com/affluxlab/afflux/stage"
)

// Intake says whether events are taken in.
type Intake string

// The states of the intake.
const (
	Open     Intake = "open"
	Draining Intake = "draining" // refuses, and works off what it has
	Closed   Intake = "closed"   // has drained
)

// PauseHandout stops the hand-out: what is in hand is finished, and events are
// taken in until the buffer is full.
func (p *Part) PauseHandout() { p.queue.Pause() }

// DrainIntake lifts a pause and refuses new events until Resume. Those in the
// system are worked off.
func (p *Part) DrainIntake() {
	p.queue.Seal()
	p.endPause()
}

// Resume ends a pause, and opens the intake again.
func (p *Part) Resume() {
	p.endPause()
	p.queue.Unseal()
}

// endPause begins the pace anew after a pause, in which nothing ended since nothing
// was to.
func (p *Part) endPause() {
	if p.pipe.Snapshot().Outlet("producer").Paused {
		p.recent.restart()
	}
	p.queue.Resume()
}

// Rebalance takes what was dealt out and not begun back to the queue, and deals it
// out anew.
func (p *Part) Rebalance() { p.queue.Rebalance() }

// Drain is the end of the chapter: new events are refused for good, a pause is
// lifted, and what is in the system is worked off, until ctx ends. It returns how
// many events were left.
func (p *Part) Drain(ctx context.Context) (left int) {
	p.crew.finish(ctx)
	err := p.pipe.Drain(ctx)
	if unfinished, ok := errors.AsType[*stage.DrainError](err); ok {
		for _, l := range unfinished.Left {
			left += l.Events()
		}
	}
	return left
}

// InSystem is how many events were accepted and have no final outcome yet.
func (p *Part) InSystem() int { return p.queue.InSystem() }

// intake is the state of the intake in a snapshot.
func intake(o *stage.OutletSnapshot) Intake {
	switch {
	case o.State == stage.OutletOpen:
		return Open
	case o.InSystem() > 0:
		return Draining
	}
	return Closed
}
