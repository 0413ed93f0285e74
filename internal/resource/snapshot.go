package resource

// Snapshot is the resource at one moment: all numbers were true together.
type Snapshot struct {
	Settings Settings
	Running  bool
	All      Counts
	Total    Counts // All, but never reset: for counters that must not go back
	Callers  []CallerCounts
}

// CallerCounts are the books of one caller.
type CallerCounts struct {
	Name  string
	Now   Counts
	Total Counts
}

// Snapshot returns the books and the settings in force, callers in the order in
// which they first came.
func (m *Mock) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Snapshot{
		Settings: m.settings,
		Running:  m.life != nil,
		All:      m.all.Counts,
		Total:    m.all.total(),
		Callers:  make([]CallerCounts, len(m.callers)),
	}
	for i, c := range m.callers {
		s.Callers[i] = CallerCounts{Name: c.name, Now: c.books.Counts, Total: c.books.total()}
	}
	return s
}

// Reset begins a new epoch in one step: started and peak become what is in
// flight, finished, failed, rejected and abandoned become 0, and latencies are
// drawn from the first number on, so that a run can be repeated. Work in flight
// and in line is untouched.
func (m *Mock) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drawn = 0
	m.all.reset()
	for _, c := range m.callers {
		c.books.reset()
	}
}
