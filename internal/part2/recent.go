package part2

import (
	"sync"
	"time"
)

// lastFew is how many events the mean of the last ones looks at.
const lastFew = 100

// fresh is the share of each event in the weighted mean: half of it comes from the
// last 14.
const fresh = 0.05

// recent is what is known of the events that were finished last: their latency as
// two means that forget, and the pace at which they come.
type recent struct {
	mu       sync.Mutex
	ring     [lastFew]time.Duration // latencies
	n        int                    // events since the last forget
	sum      time.Duration          // of what is in the ring
	weighted float64                // mean latency, ns
	pace     pace
}

func (r *recent) add(now, latency time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := &r.ring[r.n%lastFew]
	r.sum += latency - *at
	*at = latency
	if r.n == 0 {
		r.weighted = float64(latency)
	}
	r.weighted += fresh * (float64(latency) - r.weighted)
	r.n++
	r.pace.add(now)
}

// means are that of the last hundred and the weighted one; 0 before the first event.
func (r *recent) means() (last, weighted time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 {
		return 0, 0
	}
	return r.sum / time.Duration(min(r.n, lastFew)), time.Duration(r.weighted)
}

// perSecond is the pace at this time.
func (r *recent) perSecond(now time.Duration) (rate float64, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pace.perSecond(now)
}

// forget begins anew, as a reset does.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring, r.n, r.sum, r.weighted = [lastFew]time.Duration{}, 0, 0, 0
}

// restart begins the pace anew, when what comes now does not follow on what came
// before: the system was empty or paused, or the settings have changed.
func (r *recent) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pace.begin()
}
