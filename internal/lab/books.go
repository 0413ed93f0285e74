package lab

import (
	"net/http"

	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/internal/web"
)

// Resource is what /api/v1/resource answers: the books since the last reset.
// started = in_flight + finished + failed, in all and for each caller.
type Resource struct {
	Counts
	Limit    int               `json:"limit"`
	Running  bool              `json:"running"`
	ByCaller map[string]Counts `json:"by_caller"`
}

// Counts are the books of all, or of one caller.
type Counts struct {
	InFlight  int    `json:"in_flight"`
	Peak      int    `json:"peak"`
	Waiting   int    `json:"waiting"`
	Abandoned uint64 `json:"abandoned"`
	Started   uint64 `json:"started"`
	Finished  uint64 `json:"finished"`
	Rejected  uint64 `json:"rejected"`
	Failed    uint64 `json:"failed"`
}

func countsOf(c resource.Counts) Counts {
	return Counts{c.InFlight, c.Peak, c.Waiting, c.Abandoned, c.Started, c.Finished, c.Rejected, c.Failed}
}

// Resource returns the books of the mock resource.
func (l *Lab) Resource() Resource {
	s := l.mock.Snapshot()
	r := Resource{Counts: countsOf(s.All), Limit: s.Settings.Limit, Running: s.Running, ByCaller: map[string]Counts{}}
	for _, c := range s.Callers {
		r.ByCaller[c.Name] = countsOf(c.Now)
	}
	return r
}

// Reset begins a new epoch in all rooms.
func (l *Lab) Reset() error {
	l.mock.Reset()
	return l.observer.Mark()
}

func (l *Lab) getResource(w http.ResponseWriter, _ *http.Request) {
	web.JSON(w, http.StatusOK, l.Resource())
}

func (l *Lab) reset(w http.ResponseWriter, r *http.Request) {
	if err := l.Reset(); err != nil {
		web.Fail(w, r, web.Problem{Status: http.StatusInternalServerError, Detail: err.Error()})
		return
	}
	l.getResource(w, r)
}

// postReset is the page's button for it.
func (l *Lab) postReset(w http.ResponseWriter, r *http.Request) {
	if err := l.Reset(); err != nil {
		web.Text(w, http.StatusInternalServerError, err.Error())
		return
	}
	http.Redirect(w, r, l.backTo(r), http.StatusSeeOther)
}

// metrics offers the books to Prometheus, whose counters a reset must not turn back.
func (l *Lab) metrics() telemetry.Source {
	gauge := func(name, help string) telemetry.Metric {
		return telemetry.Metric{Name: "afflux_resource_" + name, Help: help, Labels: []string{"caller"}}
	}
	counter := func(name, help string) telemetry.Metric {
		m := gauge(name+"_total", help)
		m.Kind = telemetry.Counter
		return m
	}
	return telemetry.Source{
		Metrics: []telemetry.Metric{
			gauge("in_flight", "Uses going on now."),
			gauge("waiting", "Pieces of work in line for a place."),
			counter("started", "Uses that began."),
			counter("finished", "Uses that took their whole latency."),
			counter("failed", "Uses that ended early."),
			counter("rejected", "Pieces of work refused at the door."),
			counter("abandoned", "Pieces of work that left the line unserved."),
			{Name: "afflux_resource_limit", Help: "Uses allowed at one time; 0: no limit."},
		},
		Read: func(emit telemetry.Emit) {
			s := l.mock.Snapshot()
			for _, c := range s.Callers {
				t := c.Total
				for i, v := range []float64{float64(t.InFlight), float64(t.Waiting), float64(t.Started), float64(t.Finished), float64(t.Failed), float64(t.Rejected), float64(t.Abandoned)} {
					emit(i, v, c.Name)
				}
			}
			emit(7, float64(s.Settings.Limit))
		},
	}
}
