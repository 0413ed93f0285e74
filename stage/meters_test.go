package stage

import (
	"testing"
	"time"
)

func TestARateIsTheChangeOverAboutTheLastSecond(t *testing.T) {
	const tick = int64(time.Millisecond)
	cases := []struct {
		name   string
		every  int64 // ns between two passes
		count  func(now int64) uint64
		at     time.Duration
		lo, hi float64
	}{
		{"steady", tick, func(now int64) uint64 { return uint64(now / tick) }, 10 * time.Second, 990, 1010},
		{"since the start", tick, func(now int64) uint64 { return uint64(now / tick) }, 500 * time.Millisecond, 990, 1010},
		{"a burst in the last second", tick, func(now int64) uint64 {
			if now > 9_800*tick {
				return 100
			}
			return 0
		}, 10 * time.Second, 85, 101},
		{"a burst more than a second ago", tick, func(now int64) uint64 {
			if now > 8_500*tick {
				return 100
			}
			return 0
		}, 10 * time.Second, 0, 0},
		{"nothing", tick, func(int64) uint64 { return 0 }, 10 * time.Second, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var r rate
			r.reset(0, 0)
			for now := int64(0); now < int64(c.at); now += c.every {
				r.pass(now, c.count(now))
			}
			if got := r.perSecond(int64(c.at), c.count(int64(c.at))); got < c.lo || got > c.hi {
				t.Errorf("%v a second, want %v to %v", got, c.lo, c.hi)
			}
		})
	}
}

func TestARateBeginsAnewWithWhatWasThere(t *testing.T) {
	var r rate
	r.reset(int64(90*time.Second), 5000)
	if got := r.perSecond(int64(91*time.Second), 5000); got != 0 {
		t.Errorf("%v a second, and nothing came", got)
	}
	if got := r.perSecond(int64(91*time.Second), 5100); got != 100 {
		t.Errorf("%v a second, want 100", got)
	}
}

func TestARateAtTheMomentOfItsBeginningIsZero(t *testing.T) {
	var r rate
	r.reset(0, 0)
	if got := r.perSecond(0, 10); got != 0 {
		t.Errorf("%v a second after no time", got)
	}
}

func TestTimeThatGoesBackBetweenReadersDoesNoHarm(t *testing.T) {
	var r rate
	r.reset(0, 0)
	r.pass(int64(5*time.Second), 500)
	r.pass(int64(4*time.Second), 400)
	if got := r.perSecond(int64(5500*time.Millisecond), 500); got < 0 || got > 500 {
		t.Errorf("%v a second", got)
	}
}
