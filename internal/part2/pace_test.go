package part2

import (
	"math"
	"testing"
	"time"
)

// every is n groups of k events, a group each d, from d on.
func every(d time.Duration, k, n int) (ends []time.Duration) {
	for i := range n {
		for range k {
			ends = append(ends, time.Duration(i+1)*d)
		}
	}
	return ends
}

const step = 500 * time.Millisecond

func TestThePaceIsThatOfTheLastSeconds(t *testing.T) {
	for name, c := range map[string]struct {
		ends []time.Duration
		at   time.Duration
		rate float64
	}{
		"one consumer, two events":                {every(step, 1, 2), time.Second, 2},
		"one consumer, a little later":            {every(step, 1, 2), 1400 * time.Millisecond, 2},
		"one consumer, many events":               {every(step, 1, 1000), 500 * time.Second, 2},
		"a slow consumer":                         {every(time.Minute, 1, 3), 200 * time.Second, 1. / 60},
		"three in step":                           {every(step, 3, 20), 10 * time.Second, 6},
		"fifty in step":                           {every(step, 50, 2), time.Second, 100},
		"fifty in step, before the next step":     {every(step, 50, 2), 1499 * time.Millisecond, 100},
		"fifty in step, in the middle of a group": {every(step, 50, 10)[:470], 5 * time.Second, 100},
		"fifty in step, one of the group":         {every(step, 50, 10)[:451], 5 * time.Second, 100},
		"a thousand a second":                     {every(time.Millisecond, 1, 8_000), 8 * time.Second, 1000},
		"twenty thousand a second":                {every(time.Millisecond, 20, 6_000), 6 * time.Second, 20_000},
		"faster since the last five seconds":      {append(every(step, 1, 20), shifted(10*time.Second, every(step/2, 1, 20))...), 15 * time.Second, 4},
		"slower since the last five seconds":      {append(every(step/2, 1, 40), shifted(10*time.Second, every(step, 1, 10))...), 15 * time.Second, 2},
		"stalled for four seconds":                {every(step, 1, 10), 8900 * time.Millisecond, 10. / 8.4},
		"stalled for ten seconds":                 {every(step, 1, 10), 14500 * time.Millisecond, 0},
		"stalled for an hour":                     {every(step, 1, 10), time.Hour, 0},
	} {
		var p pace
		for _, end := range c.ends {
			p.add(end)
		}
		rate, known := p.perSecond(c.at)
		if tolerance := 0.01 * c.rate; !known || math.Abs(rate-c.rate) > max(tolerance, 1e-3) {
			t.Errorf("%s: %v (known %v), want %v", name, rate, known, c.rate)
		}
	}
}

func shifted(by time.Duration, ends []time.Duration) []time.Duration {
	for i := range ends {
		ends[i] += by
	}
	return ends
}

func TestThePaceIsNotKnownBeforeTheSecondStep(t *testing.T) {
	var p pace
	for range 50 {
		if _, known := p.perSecond(time.Hour); known {
			t.Error("known too soon")
		}
		p.add(time.Second)
	}
}

func TestAStallLetsThePaceFallAndNeverRise(t *testing.T) {
	var p pace
	for _, end := range every(step, 3, 20) {
		p.add(end)
	}
	last := math.Inf(1)
	for at := 10 * time.Second; at < time.Minute; at += 50 * time.Millisecond {
		rate, _ := p.perSecond(at)
		if rate > last {
			t.Fatalf("rose from %v to %v at %v", last, rate, at)
		}
		last = rate
	}
	if last > 1 {
		t.Errorf("after 50 s without an event still %v a second", last)
	}
}

func TestTheSystemClearsByWhatGoesMoreThanComes(t *testing.T) {
	for name, c := range map[string]struct {
		inSystem int
		in, out  float64
		state    string
		seconds  float64
	}{
		"nothing there":               {0, 0, 0, Idle, 0},
		"nothing there, though moved": {0, 5, 2, Idle, 0},
		"nothing goes":                {10, 0, 0, Stalled, 0},
		"nothing goes, some come":     {10, 5, 0, Stalled, 0},
		"all goes":                    {1000, 0, 2, Clearing, 500},
		"more goes than comes":        {1000, 1, 2, Clearing, 1000},
		"as much comes":               {1000, 2, 2, Growing, 0},
		"more comes":                  {1, 50, 2, Growing, 0},
	} {
		f := forecast(c.inSystem, c.in, c.out)
		if f.State != c.state || (f.Seconds != nil) != (c.state == Clearing) || f.Seconds != nil && *f.Seconds != c.seconds {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestPausesDoubleToTenSeconds(t *testing.T) {
	want := []time.Duration{100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000}
	for i, ms := range want {
		if got := pause(i + 1); got != ms*time.Millisecond {
			t.Errorf("after try %d: %v", i+1, got)
		}
	}
	if got := pause(1 << 40); got != longestPause {
		t.Error(got)
	}
}
