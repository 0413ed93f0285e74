package observer

import (
	"maps"
	"sync"
	"time"
)

// sampleEvery is how often the facts are kept, and longest for how long: what a
// sliding window is measured with.
const (
	sampleEvery = time.Second
	longest     = time.Minute
)

// sample is what all nodes told at one moment.
type sample struct {
	at    time.Time
	facts map[string]Facts
}

// history keeps the samples of the last minute.
type history struct {
	mu      sync.Mutex // guards what follows
	samples []sample   // oldest first
	resets  int
}

// add keeps what is read now, unless a reset comes in between.
func (h *history) add(read func() map[string]Facts) {
	h.mu.Lock()
	resets := h.resets
	h.mu.Unlock()
	facts := read()
	for name, f := range facts { // words are of the moment alone
		f.Doing, f.Queued, f.More, f.Loss = "", "", nil, ""
		facts[name] = f
	}
	s := sample{time.Now(), facts}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.resets != resets {
		return
	}
	for len(h.samples) > 0 && s.at.Sub(h.samples[0].at) > longest+sampleEvery {
		h.samples[0] = sample{} // let go of it, though the slice keeps its place
		h.samples = h.samples[1:]
	}
	h.samples = append(h.samples, s)
}

// reset forgets all, since the counts have begun anew.
func (h *history) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.samples = nil
	h.resets++
}

// since returns the newest sample that is at least so old, or else the oldest that
// there is; false: there is none.
func (h *history) since(at time.Time) (sample, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.samples) == 0 {
		return sample{}, false
	}
	found := h.samples[0]
	for _, s := range h.samples {
		if s.at.After(at) {
			break
		}
		found = s
	}
	return found, true
}

// over is what happened between an earlier sample and now: for a node that is new,
// or that counts anew, since it began to.
func over(now, then map[string]Facts) map[string]Facts {
	grown := maps.Clone(now)
	for name, f := range grown {
		was, known := then[name]
		if !known || was.Done > f.Done || was.Busy > f.Busy || was.Wait.Count > f.Wait.Count || was.Service.Count > f.Service.Count {
			continue
		}
		f.Busy -= was.Busy
		f.Done -= was.Done
		f.Wait = f.Wait.less(was.Wait)
		f.Service = f.Service.less(was.Service)
		grown[name] = f
	}
	return grown
}
