package telemetry

import "time"

// Feed keeps a sample as if it had been read at that time.
func (r *Recorder) Feed(at time.Time, row ...float64) { r.keep(at.UnixNano(), row) }

// SetClock gives r another clock.
func (r *Recorder) SetClock(reading func() (wall, mono int64)) { r.clock = newClock(reading) }

// SampleNow reads all instruments, as Serve does.
func (r *Recorder) SampleNow() { r.sample() }

// Bytes is the memory of what is kept.
func (r *Recorder) Bytes() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n := 0
	for _, g := range []*ring{&r.kept.fine, &r.kept.coarse} {
		n += len(g.chunks) * g.rows * (g.width + 1) * 8
	}
	return n
}

// Buckets are the upper bounds that Prometheus is given.
var Buckets = bounds

// AppendNumber writes a number as JSON.
var AppendNumber = appendNumber
