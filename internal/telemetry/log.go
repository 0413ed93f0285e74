package telemetry

import "sync"

// Log is a bounded list of the newest entries, each with a number: the first
// that is added is 1, the next 2. It is safe for concurrent use.
type Log[T any] struct {
	mu      sync.Mutex // guards what follows
	max     int
	entries []T    // a ring once it is full: number s stands at (s-1) % max
	newest  uint64 // the number of the newest entry; 0: none yet
}

// NewLog keeps the newest n entries; an n below 1 is 1. Memory is taken as
// entries come.
func NewLog[T any](n int) *Log[T] { return &Log[T]{max: max(n, 1)} }

// Add adds an entry, forgets the oldest if there are too many, and returns the
// number it was given.
func (l *Log[T]) Add(v T) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) < l.max {
		l.entries = append(l.entries, v)
	} else {
		l.entries[l.newest%uint64(l.max)] = v
	}
	l.newest++
	return l.newest
}

// After returns what was added after the entry with that number and is still
// kept, oldest first, and the number of the newest entry: what to ask with next
// time. A number beyond the newest brings nothing.
func (l *Log[T]) After(seq uint64) ([]T, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq >= l.newest {
		return nil, l.newest
	}
	return l.last(l.newest - seq), l.newest
}

// Last returns the newest n entries, oldest first; fewer if there are fewer.
func (l *Log[T]) Last(n int) []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last(uint64(max(n, 0)))
}

// last copies the newest n out, or what there is; the lock is held.
func (l *Log[T]) last(n uint64) []T {
	n = min(n, uint64(len(l.entries)))
	out := make([]T, 0, n)
	for s := l.newest - n; s < l.newest; s++ {
		out = append(out, l.entries[s%uint64(l.max)])
	}
	return out
}
