package lab

import (
	"fmt"
	"strings"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
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
	first    counts    // before the first request since the last pause
	firstAt  time.Time // of the sample that showed it
	latest   counts
	latestAt time.Time // of the sample that showed the newest request
}

// endpoint is what has come to one since the start, whatever was reset.
type endpoint struct {
	name               string
	requests, rejected uint64
	open               int
}

// endpointsOf are all of them at a moment. Part 2 answers at once: none of its
// requests is open.
func endpointsOf(m *moment) counts {
	var all counts
	for _, e := range m.part1.Endpoints {
		all = append(all, endpoint{e.Name, e.Total.Requests, e.Total.Rejected, e.Total.Open})
	}
	t := m.part2.Total
	return append(all, endpoint{part2.Endpoint, t.Enqueued + t.Rejected, t.Rejected, 0})
}

type counts []endpoint

func (c counts) requests() (n uint64) {
	for _, e := range c {
		n += e.requests
	}
	return n
}

func (c counts) rejected() (n uint64) {
	for _, e := range c {
		n += e.rejected
	}
	return n
}

func (c counts) open() (n int) {
	for _, e := range c {
		n += e.open
	}
	return n
}

// see takes in a sample and returns what there is to mark, with its time.
func (w *loadWatch) see(at time.Time, c counts) (text string, when time.Time) {
	before := w.latest
	w.latest = c
	if before == nil {
		return "", at // counts from before: nothing to tell
	}
	if c.requests() > before.requests() {
		if w.firstAt.IsZero() {
			w.first, w.firstAt = before, at
		}
		w.latestAt = at
	}
	switch {
	case w.firstAt.IsZero():
	case !w.begun && c.requests()-w.first.requests() >= loadBegins:
		w.begun = true
		return "load on " + w.endpoints() + " began", w.firstAt
	case c.open() == 0 && at.Sub(w.latestAt) >= loadPause:
		if w.begun {
			text = w.summary()
		}
		w.begun, w.firstAt = false, time.Time{}
		return text, w.latestAt
	}
	return "", at
}

// endpoints are those that got requests since the load began.
func (w *loadWatch) endpoints() string {
	var hit []string
	for i, e := range w.latest {
		if e.requests > w.first[i].requests {
			hit = append(hit, e.name)
		}
	}
	return strings.Join(hit, " and ")
}

func (w *loadWatch) summary() string {
	text := fmt.Sprintf("load on %s ended: %d requests", w.endpoints(), w.latest.requests()-w.first.requests())
	if rejected := w.latest.rejected() - w.first.rejected(); rejected > 0 {
		text += fmt.Sprintf(", %d rejected", rejected)
	}
	return text
}
