package telemetry

import (
	"sync"
	"time"
)

// behind is by how much the clock may lag the wall before it follows. Two
// clocks of one machine are always a little apart, and that is no jump.
const behind = 100 * time.Millisecond

// clock is a time that never goes back: the monotonic clock of the process,
// placed at the wall clock where it began. When the wall is ahead of it, as after
// a sleep of the machine, it follows; when the wall is set back, it does not.
type clock struct {
	reading func() (wall, mono int64) // wall: since the Unix epoch; mono: never back; nanoseconds

	mu     sync.Mutex // guards offset, and that readings are used in order
	offset int64      // what mono lacks
}

func newClock(reading func() (wall, mono int64)) *clock {
	wall, mono := reading()
	return &clock{reading: reading, offset: wall - mono}
}

// now is the time in nanoseconds since the Unix epoch.
func (c *clock) now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, mono := c.reading()
	if wall-(mono+c.offset) > int64(behind) {
		c.offset = wall - mono
	}
	return mono + c.offset
}

// systemReading reads both clocks of the machine at once.
func systemReading() func() (wall, mono int64) {
	origin := time.Now()
	return func() (wall, mono int64) {
		now := time.Now()
		return now.UnixNano(), int64(now.Sub(origin))
	}
}
