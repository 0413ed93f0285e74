package resource

import (
	"context"
	"sync"
)

// Caller is a user of the resource under a name, with books of its own.
type Caller struct {
	mock  *Mock
	name  string
	books ledger // guarded by mock.mu
}

// Caller returns the caller of that name, making it when it is new.
func (m *Mock) Caller(name string) *Caller {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.callers {
		if c.name == name {
			return c
		}
	}
	c := &Caller{mock: m, name: name}
	m.callers = append(m.callers, c)
	return c
}

// Use enters and uses in one go, in the caller's goroutine: what a request does
// that waits for its work. Errors are those of [Caller.Enter] and [Place.Use].
func (c *Caller) Use(ctx context.Context) error {
	_, err := c.UseTimed(ctx)
	return err
}

// UseTimed is Use for callers who want to know how the time went. Of work that
// was refused both times are 0.
func (c *Caller) UseTimed(ctx context.Context) (Times, error) {
	p := spare.Get().(*Place)
	*p = Place{}
	if err := c.EnterAt(ctx, p); err != nil {
		spare.Put(p)
		return Times{}, err
	}
	err := p.Use(ctx) // a panic passes by the Put: the place is then garbage
	times := p.Times()
	spare.Put(p)
	return times, err
}

// spare keeps places between uses: one that may stand in line is linked from
// elsewhere and so cannot live on a stack.
var spare = sync.Pool{New: func() any { return new(Place) }}

// Enter decides at once whether the work gets a place (in use from this moment),
// a place in line (with [Wait]), or none: *[FullError], or [ErrRestarted] while
// the resource does not run. The place must be used or left, in any goroutine.
// Only with [Naive] admission does Enter take time, and heed ctx.
func (c *Caller) Enter(ctx context.Context) (*Place, error) {
	p := &Place{}
	if err := c.EnterAt(ctx, p); err != nil {
		return nil, err
	}
	return p, nil
}

// EnterAt is Enter with a zero Place that the caller keeps, within something of
// its own: a million places then cost no allocation each. It must not be moved.
func (c *Caller) EnterAt(ctx context.Context, p *Place) error {
	m := c.mock
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settings.Admission == Naive && m.life != nil && m.room() {
		return c.enterNaively(ctx, p)
	}
	return c.enterAtomically(p)
}

// enterAtomically looks and counts under one lock: between the two nobody else
// can come in. This is the function that keeps the limit.
func (c *Caller) enterAtomically(p *Place) error {
	m := c.mock
	switch {
	case m.life == nil:
		m.rejected(c)
		return ErrRestarted
	case m.room():
		m.admit(c, p)
		return nil
	case m.settings.OnFull == Wait && m.line.n < m.settings.MaxWaiting:
		m.queue(c, p)
		return nil
	}
	m.rejected(c)
	full := &FullError{Limit: m.settings.Limit}
	if m.settings.OnFull == Wait {
		full.MaxWaiting = m.settings.MaxWaiting
	}
	return full
}

func (m *Mock) room() bool {
	return m.settings.Limit == 0 || m.using.n < m.settings.Limit
}

func (m *Mock) admit(c *Caller, p *Place) {
	p.caller, p.life = c, m.life
	m.begin(c, p)
}

// begin counts a use in and decides its latency.
func (m *Mock) begin(c *Caller, p *Place) {
	now := m.clock()
	m.effort.until(now, m.all.InFlight)
	m.using.push(p)
	m.drawn++
	m.all.start()
	c.books.start()
	// Field by field: whoever waits for p's turn reads the others at this moment.
	p.latency = m.settings.draw(m.drawn)
	p.times.Took = now
	p.stage = inUse
}

// end counts a use out.
func (m *Mock) end(p *Place, whole bool) {
	now := m.clock()
	p.stage = gone
	if whole {
		p.stage = done
	}
	m.effort.until(now, m.all.InFlight)
	m.effort.ended(p.times.Took, now, p.latency, whole)
	p.times.Took = now - p.times.Took
	m.using.remove(p)
	m.all.end(whole)
	p.caller.books.end(whole)
}

func (m *Mock) queue(c *Caller, p *Place) {
	p.caller, p.life, p.stage, p.turn = c, m.life, inLine, make(chan struct{})
	p.times.Waited = m.clock()
	m.line.push(p)
	m.all.Waiting++
	c.books.Waiting++
}

// admitWaiting lets in, in order, whoever there is room for.
func (m *Mock) admitWaiting() {
	for m.line.first != nil && m.life != nil && m.room() {
		p := m.line.first
		m.line.remove(p)
		m.all.Waiting--
		p.caller.books.Waiting--
		if p.life != m.life {
			m.abandon(p) // a restart overtook it before it could leave by itself
			continue
		}
		p.times.Waited = m.clock() - p.times.Waited
		m.effort.stood(p.times.Waited)
		m.begin(p.caller, p)
		close(p.turn)
	}
}

func (m *Mock) rejected(c *Caller) {
	m.all.Rejected++
	c.books.Rejected++
}

func (m *Mock) abandon(p *Place) {
	p.stage = gone
	p.times = Times{Waited: m.clock() - p.times.Waited}
	m.effort.stood(p.times.Waited)
	m.all.Abandoned++
	p.caller.books.Abandoned++
}
