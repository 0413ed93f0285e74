package main

import (
	"context"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// scaler decides how many workers there are.
type scaler struct {
	most   int
	target time.Duration // that 99 of 100 events may wait for a worker
}

const tick = 100 * time.Millisecond

// run resizes the workers until ctx ends.
func (s scaler) run(ctx context.Context, p *stage.Pipeline, book *stage.Consumer[event]) {
	var seen window
	for sleep(ctx, tick) == nil {
		shot := p.Snapshot()
		events, workers := shot.Outlet("events"), shot.Stage("book").Target
		waits := seen.since(events.BufferWait)
		want := s.next(workers, load{
			ready: events.Buffer - events.Blocked,
			idle:  events.Idle,
			wait:  max(waits.Quantile(0.99), events.Oldest),
		})
		if want != workers {
			_ = book.Resize(want) // it is within the bounds
		}
	}
}

// load is how busy the workers are.
type load struct {
	ready int           // events that a worker could take now; more workers do not help the others
	idle  int           // workers with nothing to do
	wait  time.Duration // that events wait
}

// next is half as many workers more while events wait too long, and one less while
// one has nothing to do: fast up, slowly down.
func (s scaler) next(workers int, now load) int {
	switch {
	case now.wait > s.target && now.ready > 0:
		return min(workers+max(1, workers/2), s.most)
	case now.idle > 0:
		return max(workers-1, 1)
	}
	return workers
}

// window looks at a histogram from time to time, and sees what is new.
type window struct{ before stage.Histogram }

func (w *window) since(h stage.Histogram) stage.Histogram {
	recent := h.Since(&w.before)
	w.before = h
	return recent
}
