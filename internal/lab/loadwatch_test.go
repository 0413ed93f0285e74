package lab

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// script feeds a watch every 20 ms with what f says of each second and returns the
// marks with the seconds they are of.
func script(seconds float64, f func(at float64) loadCounts) (marks []string) {
	w, began := loadWatch{}, time.Unix(1000, 0)
	for n := range int(seconds * 50) {
		at := began.Add(time.Duration(n) * 20 * time.Millisecond)
		c := f(float64(n) / 50)
		c.names = []string{"serial", "async"}
		if text, when := w.see(at, c); text != "" {
			marks = append(marks, fmt.Sprintf("%.1f %s", when.Sub(began).Seconds(), text))
		}
	}
	return marks
}

// ramp grows from 0 to n between two moments.
func ramp(at, from, to float64, n int) uint64 {
	return uint64(float64(n) * min(max((at-from)/(to-from), 0), 1))
}

func TestALoadIsMarkedFromItsFirstRequestToItsLast(t *testing.T) {
	for name, c := range map[string]struct {
		counts func(at float64) loadCounts
		want   []string
	}{
		"somebody trying an address": {func(at float64) loadCounts {
			return loadCounts{requests: []uint64{ramp(at, 1, 2, 9), 0}}
		}, nil},
		"an async burst": {func(at float64) loadCounts {
			return loadCounts{requests: []uint64{0, ramp(at, 1, 1.4, 3000)}}
		}, []string{"1.0 load on async began", "1.4 load on async ended: 3000 requests"}},
		"both, one rejecting": {func(at float64) loadCounts {
			return loadCounts{requests: []uint64{ramp(at, 1, 3, 100), ramp(at, 2, 4, 200)}, rejected: ramp(at, 2, 4, 50)}
		}, []string{"1.0 load on serial began", "4.0 load on serial and async ended: 300 requests, 50 rejected"}},
		"slow requests, open for longer than the pause": {func(at float64) loadCounts {
			c := loadCounts{requests: []uint64{50 * ramp(at, 0, 6, 3), 0}}
			if at >= 2 && at < 9 {
				c.open = 50
			}
			return c
		}, []string{"2.0 load on serial began", "6.0 load on serial ended: 150 requests"}},
		"two loads with a pause between": {func(at float64) loadCounts {
			return loadCounts{requests: []uint64{ramp(at, 1, 2, 100) + ramp(at, 5, 6, 100), 0}}
		}, []string{"1.0 load on serial began", "2.0 load on serial ended: 100 requests", "5.0 load on serial began", "6.0 load on serial ended: 100 requests"}},
	} {
		got := script(12, c.counts)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}
