package lab

import (
	"fmt"
	"strings"
	"time"
)

// A load has begun when this many requests have come without a pause; fewer are
// somebody trying an address. It is over when none has come for the pause and
// none is open.
const (
	loadBegins = 10
	loadPause  = time.Second
)

// loadWatch tells from the growing counts of the requests when load began and
// when it was over. It is fed with every sample.
type loadWatch struct {
	begun    bool
	first    loadCounts // before the first request since the last pause
	firstAt  time.Time  // of the sample that showed it
	latest   loadCounts
	latestAt time.Time // of the sample that showed the newest request
}

// loadCounts are never reset.
type loadCounts struct {
	names          []string
	requests       []uint64 // by endpoint, as names
	rejected, open uint64
}

func (c loadCounts) sum() (n uint64) {
	for _, r := range c.requests {
		n += r
	}
	return n
}

// see takes in a sample and returns what there is to mark, with its time.
func (w *loadWatch) see(at time.Time, c loadCounts) (text string, when time.Time) {
	if w.latest.requests == nil {
		w.latest = c // counts from before: nothing to tell
		return "", at
	}
	before := w.latest
	if c.sum() > before.sum() {
		if w.firstAt.IsZero() {
			w.first, w.firstAt = before, at
		}
		w.latestAt = at
	}
	w.latest = c
	switch {
	case w.firstAt.IsZero():
	case !w.begun && c.sum()-w.first.sum() >= loadBegins:
		w.begun = true
		return "load on " + w.endpoints() + " began", w.firstAt
	case c.open == 0 && at.Sub(w.latestAt) >= loadPause:
		text := w.summary()
		begun := w.begun
		w.begun, w.firstAt = false, time.Time{}
		if begun {
			return text, w.latestAt
		}
	}
	return "", at
}

// endpoints are those that got requests since the load began.
func (w *loadWatch) endpoints() string {
	var hit []string
	for i, n := range w.latest.requests {
		if n > w.first.requests[i] {
			hit = append(hit, w.latest.names[i])
		}
	}
	return strings.Join(hit, " and ")
}

func (w *loadWatch) summary() string {
	text := fmt.Sprintf("load on %s ended: %d requests", w.endpoints(), w.latest.sum()-w.first.sum())
	if rejected := w.latest.rejected - w.first.rejected; rejected > 0 {
		text += fmt.Sprintf(", %d rejected", rejected)
	}
	return text
}

// countsForLoad are part 1's counts as a loadWatch wants them.
func (l *Lab) countsForLoad() loadCounts {
	var c loadCounts
	for _, e := range l.part1.Snapshot().Endpoints {
		c.names = append(c.names, e.Name)
		c.requests = append(c.requests, e.Total.Requests)
		c.rejected += e.Total.Rejected
		c.open += uint64(e.Total.Open)
	}
	return c
}
