package resource

// Snapshot is the resource at one moment: all numbers were true together.
type Snapshot struct {
	Settings Settings
	Running  bool
	All      Counts
	Total    Counts // All, but never reset: for counters that must not go back
	Work     Work
	High     int // of a [Mock.Sample]: the most in flight since the one before
	Callers  []CallerCounts
}

// CallerCounts are the books of one caller.
type CallerCounts struct {
	Name  string
	Now   Counts
	Total Counts
	High  int // as that of the Snapshot
}

// Caller returns the books of the caller of that name; zero for one unknown.
func (s Snapshot) Caller(name string) CallerCounts {
	for _, c := range s.Callers {
		if c.Name == name {
			return c
		}
	}
	return CallerCounts{Name: name}
}

// Snapshot returns the books and the settings in force, callers in the order in
// which they first came.
func (m *Mock) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshot()
}

// Sample is a Snapshot for whoever records the resource at intervals: High says
// how far in-flight rose since the Sample before, however short that was. It is
// for one recorder: two would share the highs between them.
func (m *Mock) Sample() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.snapshot()
	s.High = m.all.takeHigh()
	for i, c := range m.callers {
		s.Callers[i].High = c.books.takeHigh()
	}
	return s
}

func (m *Mock) snapshot() Snapshot {
	m.effort.until(m.clock(), m.all.InFlight)
	s := Snapshot{
		Settings: m.settings,
		Running:  m.life != nil,
		All:      m.all.Counts,
		Total:    m.all.total(),
		Work:     m.effort.Work,
		Callers:  make([]CallerCounts, len(m.callers)),
	}
	for i, c := range m.callers {
		s.Callers[i] = CallerCounts{Name: c.name, Now: c.books.Counts, Total: c.books.total()}
	}
	return s
}

// Reset begins a new epoch in one step: started and peak become what is in
// flight, finished, failed, rejected and abandoned become 0, so does the work
// done, and latencies are drawn from the first number on, so that a run can be
// repeated. Work in flight and in line is untouched.
func (m *Mock) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drawn = 0
	now := m.clock()
	m.effort = effort{at: now, since: now}
	m.all.reset()
	for _, c := range m.callers {
		c.books.reset()
	}
}
