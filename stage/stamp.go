package stage

// A clock read costs about 50 ns, more than all else that a push does. So every
// event is stamped up to this rate, and above it every k-th; those between carry
// the stamp before theirs.
const (
	exactGap = 100_000 // ns: 10,000 events a second
	maxEvery = 64
)

// stamper says when an event was accepted, without asking the clock each time.
type stamper struct {
	now   int64 // the latest time that anybody read
	last  int64 // the latest time that a push read
	every int   // pushes for one reading
	since int   // pushes since
	stale bool  // somebody found nothing to do: what comes next is timed anew
}

// due says whether the clock is to be read for n events that arrive now; of more
// than one it always is. If not, they carry now.
func (s *stamper) due(n int) bool {
	s.since += n
	return n > 1 || s.stale || s.since >= s.every
}

func (s *stamper) learn(now int64) {
	switch gap := now - s.last; {
	case gap < int64(s.since)*exactGap:
		s.every = min(maxEvery, max(1, s.every)*2)
	case gap > 2*int64(s.since)*exactGap:
		s.every = 1
	}
	s.now, s.last, s.since, s.stale = max(s.now, now), now, 0, false
}

// pass tells the stamper the time that somebody else has read. When pushes have
// become rare the next one is timed exactly.
func (s *stamper) pass(now int64) {
	s.now = max(s.now, now)
	if now-s.last > int64(s.every)*exactGap {
		s.stale = true
	}
}
