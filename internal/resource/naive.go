package resource

import (
	"context"
	"time"
)

// enterNaively is WRONG ON PURPOSE. It looks whether there is room, lets go of
// the lock, and counts itself in later without looking again: whoever looks in
// between sees the same room. It is what a first try at the workshop's
// hard-mode exercise tends to be, with its gap widened to Settings.NaiveGap so
// that the race shows. Reached with admission = "naive" only; the real thing is
// enterAtomically.
//
// It is called with the lock held and room seen, and returns with it held.
func (c *Caller) enterNaively(ctx context.Context, p *Place) error {
	m := c.mock
	seen, gap := m.life, m.settings.NaiveGap
	m.mu.Unlock()
	err := pause(ctx, gap)
	m.mu.Lock()
	if err == nil && m.life != seen {
		err = ErrRestarted
	}
	if err != nil {
		m.rejected(c)
		return err
	}
	m.admit(c, p)
	return nil
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
