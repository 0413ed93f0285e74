package resource

import "time"

// Work is what the resource has done since the last reset, in seconds: for
// holding what was measured against N × S and against Little's law, L = X · W.
type Work struct {
	Area  float64 // in flight, summed over time: 50 for a second are 50
	Taken float64 // time that ended uses took, finished or failed
	Cost  float64 // what the finished ones were to take: N × S with the latencies drawn

	Lasted float64 // as Taken, but of uses that began before the reset the whole
	Waited float64 // time that work spent in line until it was served, or left
	Stood  uint64  // pieces of work that did
}

// effort keeps Work. In flight changes only when a use begins or ends, so the
// area is counted up to then. Floats, since a million in flight would overflow
// whole nanoseconds within hours.
type effort struct {
	Work
	at    time.Duration // until when Area is counted, on the mock's clock
	since time.Duration // the last reset: of a use that began before, what came after it counts
}

// until counts the area up to now, with that many in flight since the last call.
func (e *effort) until(now time.Duration, inFlight int) {
	e.Area += float64(inFlight) * (now - e.at).Seconds()
	e.at = now
}

// stood counts a wait that is over.
func (e *effort) stood(waited time.Duration) {
	e.Waited += waited.Seconds()
	e.Stood++
}

// ended counts a use that began and ended then, and was to take that long.
func (e *effort) ended(began, now, latency time.Duration, whole bool) {
	carried := max(e.since-began, 0) // before the reset
	e.Lasted += (now - began).Seconds()
	e.Taken += (now - began - carried).Seconds()
	if whole {
		e.Cost += max(latency-carried, 0).Seconds()
	}
}

// clock is the time since the mock was made: one read of the monotonic clock.
func (m *Mock) clock() time.Duration { return time.Since(m.made) }
