package supervise

import (
	"testing"
	"time"
)

func TestIntensityCountsWithinASlidingPeriod(t *testing.T) {
	for name, c := range map[string]struct {
		max  int
		at   []int // seconds
		want []bool
	}{
		"as many as allowed":     {3, []int{0, 0, 0}, []bool{true, true, true}},
		"one more":               {3, []int{0, 1, 2, 3}, []bool{true, true, true, false}},
		"the period slides":      {2, []int{0, 4, 6, 8, 12}, []bool{true, true, true, false, true}},
		"its last instant is in": {1, []int{0, 5, 6}, []bool{true, false, true}},
		"none":                   {0, []int{0}, []bool{false}},
	} {
		i, began := intensity{max: c.max, within: 5 * time.Second}, time.Now()
		for n, s := range c.at {
			if got := i.allow(began.Add(time.Duration(s) * time.Second)); got != c.want[n] {
				t.Errorf("%s: restart %d: %v", name, n, got)
			}
		}
	}
}
