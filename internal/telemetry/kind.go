package telemetry

import "strconv"

// Kind is what the numbers of a series or metric do, and so how many of them
// become one.
type Kind int

const (
	// Gauge may go up and down. Many become a mean, a lowest and a highest.
	Gauge Kind = iota
	// Counter never goes back, except where a reset is announced by another
	// series. Many become the last.
	Counter
	// High is the highest since the number was last read, so that what came and
	// went between two samples is still seen. Many become the highest. For
	// Prometheus it is a gauge.
	High
	// DistributionKind is a [Distribution] of durations. For Prometheus only: a
	// [Recorder] takes no series of it.
	DistributionKind
)

var kinds = [...]string{Gauge: "gauge", Counter: "counter", High: "high", DistributionKind: "distribution"}

// String is the kind's name in JSON: gauge, counter, high, distribution.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kinds) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kinds[k]
}
