package telemetry

import (
	"math/rand/v2"
	"testing"
	"time"
)

// hands are two clocks that a test turns.
type hands struct{ wall, mono time.Duration }

func (h *hands) reading() (wall, mono int64) { return int64(h.wall), int64(h.mono) }

func (h *hands) pass(d time.Duration) { h.wall, h.mono = h.wall+d, h.mono+d }

func TestTheClockFollowsTheWallForwardAndNeverBack(t *testing.T) {
	h := &hands{wall: 1000 * time.Hour, mono: 7 * time.Second}
	c := newClock(h.reading)
	at := func(want time.Duration) {
		t.Helper()
		if got := time.Duration(c.now()); got != want {
			t.Errorf("it is %s, want %s", got, want)
		}
	}
	at(1000 * time.Hour)
	h.pass(time.Minute)
	at(1000*time.Hour + time.Minute)
	h.wall -= time.Hour // set back: time goes on as if nothing had happened
	h.pass(time.Second)
	at(1000*time.Hour + time.Minute + time.Second)
	h.wall += time.Hour // and forward to where it was
	at(1000*time.Hour + time.Minute + time.Second)
	h.wall += 50 * time.Millisecond // no jump
	at(1000*time.Hour + time.Minute + time.Second)
	h.wall += 8 * time.Hour // the machine slept: the monotonic clock stood still
	at(h.wall)
}

func TestTheClockNeverGoesBackWhateverTheWallDoes(t *testing.T) {
	h := &hands{wall: 1000 * time.Hour}
	c := newClock(h.reading)
	last := c.now()
	for range 10_000 {
		h.mono += time.Duration(rand.IntN(1000)) * time.Millisecond
		h.wall += time.Duration(rand.IntN(1_000_000)-500_000) * time.Millisecond
		now := c.now()
		if now < last {
			t.Fatalf("%d after %d", now, last)
		}
		last = now
	}
}
