package telemetry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Step is the time from one sample to the next.
const Step = 20 * time.Millisecond

// ErrServing is what Serve returns when the recorder is served already.
var ErrServing = errors.New("telemetry: the recorder is served already")

// Recorder reads instruments every [Step] and keeps what they said: every sample
// for 10 minutes, every second for 24 hours. Its methods are safe for concurrent
// use.
type Recorder struct {
	instruments []Instrument
	series      []Series
	names       []string       // of series
	all         []int          // 0 … len(series)-1
	index       map[string]int // of a name in series
	clock       *clock

	serving atomic.Bool
	row     []float64 // Serve's alone: the sample being read
	tick    int64     // Serve's alone: the newest sample's place on the grid

	mu   sync.RWMutex // guards kept; held for one chunk at most, never while calling out
	kept archive
}

// NewRecorder makes a recorder of all series of the instruments. It fails when a
// name is used twice, is "t", which is the times' in a [Frame], is empty, or has
// other characters than letters, digits, '_', '.' and '-'; when a kind is none of
// Gauge, Counter, High; and when an instrument has series but no Read.
func NewRecorder(instruments ...Instrument) (*Recorder, error) {
	r := &Recorder{instruments: instruments, index: map[string]int{}, clock: newClock(systemReading()), tick: -1}
	for _, in := range instruments {
		if in.Read == nil && len(in.Series) > 0 {
			return nil, fmt.Errorf("telemetry: nothing reads series %q", in.Series[0].Name)
		}
		for _, s := range in.Series {
			if err := s.check(); err != nil {
				return nil, err
			}
			if _, taken := r.index[s.Name]; taken {
				return nil, fmt.Errorf("telemetry: series %q is there twice", s.Name)
			}
			r.index[s.Name] = len(r.series)
			r.all = append(r.all, len(r.series))
			r.names = append(r.names, s.Name)
			r.series = append(r.series, s)
		}
	}
	r.row = make([]float64, len(r.series))
	r.kept = newArchive(r.series)
	return r, nil
}

// Serve samples until ctx ends, and returns context.Cause(ctx). It may be
// called again then, and goes on with what is kept. While it runs another Serve
// returns [ErrServing]. It starts no goroutine.
func (r *Recorder) Serve(ctx context.Context) error {
	if !r.serving.CompareAndSwap(false, true) {
		return ErrServing
	}
	defer r.serving.Store(false)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			r.sample()
			timer.Reset(r.untilNext())
		}
	}
}

// sample reads all instruments and keeps what they say, unless the present place
// on the grid is taken already.
func (r *Recorder) sample() {
	at := r.clock.now()
	if tick(at) <= r.tick {
		return
	}
	r.tick = tick(at)
	rest := r.row
	for _, in := range r.instruments {
		n := len(in.Series)
		if n > 0 {
			in.Read(rest[:n:n])
		}
		rest = rest[n:]
	}
	r.keep(at, r.row)
}

func (r *Recorder) keep(at int64, row []float64) {
	r.mu.Lock()
	r.kept.add(at, row)
	r.mu.Unlock()
}

// untilNext is the time to the next place on the grid.
func (r *Recorder) untilNext() time.Duration {
	return Step - time.Duration(r.clock.now()%int64(Step))
}

// tick is the place on the grid of a time in nanoseconds.
func tick(at int64) int64 { return at / int64(Step) }

// Now is the present on the recorder's clock. It never goes back, and is the
// wall clock's time as long as that is not set back.
func (r *Recorder) Now() time.Time { return time.Unix(0, r.clock.now()) }

// Series returns all series, in the order of the instruments.
func (r *Recorder) Series() []Series { return slices.Clone(r.series) }

// Names returns the names of all series, in the same order.
func (r *Recorder) Names() []string { return slices.Clone(r.names) }
