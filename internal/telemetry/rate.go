package telemetry

import "time"

// RateWindow is over how long the pages take their rates: long enough to hold a
// few waves of the workshop's half-second work, short enough to see it stop.
const RateWindow = 2 * time.Second

// Rate returns how much a counter grew per second over the newest d; 0 while
// there are no two samples. After a reset within d, what was counted since then
// is taken for all of it, so that a rate is never negative.
func (r *Recorder) Rate(name string, d time.Duration) float64 {
	first, last, ok := r.Window(name, d)
	if !ok {
		return 0
	}
	grown := last.Value - first.Value
	if grown < 0 {
		grown = last.Value
	}
	return grown / last.At.Sub(first.At).Seconds()
}
