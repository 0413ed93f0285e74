package pipelines

import (
	"math"
	"sync"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// rates tells how many events a second each subscription finishes, and how busy its workers
// are, from one look at a pipeline to the next a second later. It costs nothing while nobody looks.
type rates struct {
	mu    sync.Mutex
	looks map[string]look // by pipeline
}

// look is what was there at a time, and the rates from the look before it.
type look struct {
	at       time.Time
	ended    map[place]uint64
	rates    map[place]float64
	occupied map[place]time.Duration
	busy     map[place]float64 // workers that had something in hand, on average
}

// place is a subscription's.
type place struct{ outlet, stage string }

const (
	shortestLook = 900 * time.Millisecond // two viewers must not halve each other's time
	longestLook  = 10 * time.Second       // what is older says nothing of now
)

// of is the newest look at a pipeline.
func (r *rates) of(p *Pipeline) look {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.looks[p.Name]
	over := p.Snapshot.At.Sub(before.at)
	if before.rates != nil && over < shortestLook {
		return before
	}
	now := look{at: p.Snapshot.At, ended: map[place]uint64{}, rates: map[place]float64{}, occupied: map[place]time.Duration{}, busy: map[place]float64{}}
	for i := range p.Snapshot.Outlets {
		now.read(&p.Snapshot.Outlets[i], before, over)
	}
	if r.looks == nil {
		r.looks = map[string]look{}
	}
	r.looks[p.Name] = now
	return now
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
		l.occupied[at] = sub.Occupied
		if was, known := before.occupied[at]; known && sub.Occupied >= was && over < longestLook {
			l.busy[at] = float64(sub.Occupied-was) / float64(over)
		}
	}
}

// load is the share of its workers' time that a subscription had something in hand; nothing
// as long as there was one look only.
func (l look) load(p *part) string {
	busy, known := l.busy[place{p.outlet, p.Stage}]
	crew := p.crew()
	if !known || crew == 0 {
		return nothing
	}
	return live.Percent(math.Round(100*min(1, busy/float64(crew))) / 100)
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
