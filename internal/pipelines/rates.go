package pipelines

import (
	"sync"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// rates tells how many events a second each subscription finishes, from one look at a
// pipeline to the next a second later. It costs nothing while nobody looks.
type rates struct {
	mu    sync.Mutex
	looks map[string]look // by pipeline
}

// look is what was there at a time, and the rates from the look before it.
type look struct {
	at    time.Time
	ended map[place]uint64
	rates map[place]float64
}

// place is a subscription's.
type place struct{ outlet, stage string }

const (
	shortestLook = 900 * time.Millisecond // two viewers must not halve each other's time
	longestLook  = 10 * time.Second       // what is older says nothing of now
)

// of is the rate of each subscription of a pipeline.
func (r *rates) of(p *Pipeline) map[place]float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.looks[p.Name]
	over := p.Snapshot.At.Sub(before.at)
	if before.rates != nil && over < shortestLook {
		return before.rates
	}
	now := look{at: p.Snapshot.At, ended: map[place]uint64{}, rates: map[place]float64{}}
	for i := range p.Snapshot.Outlets {
		now.read(&p.Snapshot.Outlets[i], before, over)
	}
	if r.looks == nil {
		r.looks = map[string]look{}
	}
	r.looks[p.Name] = now
	return now.rates
}

// read measures the subscriptions of an outlet. One that was not there at the look before
// has a share of what leaves the outlet as large as that of what is in hand.
func (l *look) read(o *stage.OutletSnapshot, before look, over time.Duration) {
	for i := range o.Subscriptions {
		sub := &o.Subscriptions[i]
		at := place{o.Name, sub.Stage}
		ended := sub.Done + sub.Failed
		l.ended[at] = ended
		switch was, known := before.ended[at]; {
		case known && ended >= was && over < longestLook:
			l.rates[at] = float64(ended-was) / over.Seconds()
		case o.Hands > 0:
			l.rates[at] = o.RateOut * float64(sub.Hands) / float64(o.Hands)
		}
	}
}

// forget drops what was known of pipelines that are no longer there.
func (r *rates) forget(now []Pipeline) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name := range r.looks {
		if !among(now, name) {
			delete(r.looks, name)
		}
	}
}

func among(all []Pipeline, name string) bool {
	for i := range all {
		if all[i].Name == name {
			return true
		}
	}
	return false
}
