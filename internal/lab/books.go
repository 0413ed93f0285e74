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

// Reset begins a new epoch in all rooms: as the recorder sees it, in one step.
func (l *Lab) Reset() error {
	l.epochs.Lock()
	err := l.observer.Mark() // first: no share of the time since may be more than the whole
	l.epoch++
	l.mock.Reset()
	l.part1.Reset()
	l.part2.Reset()
	l.epochs.Unlock()
	l.mark(markReset, "counters reset")
	return err
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

// requestMetrics offers part 1's books and histograms.
func (l *Lab) requestMetrics() telemetry.Source {
	labels := []string{"endpoint"}
	return telemetry.Source{
		Metrics: []telemetry.Metric{
			{Name: "afflux_part1_requests_total", Help: "Requests that came.", Kind: telemetry.Counter, Labels: labels},
			{Name: "afflux_part1_ok_total", Help: "Requests answered OK.", Kind: telemetry.Counter, Labels: labels},
			{Name: "afflux_part1_rejected_total", Help: "Requests answered that the resource is full.", Kind: telemetry.Counter, Labels: labels},
			{Name: "afflux_part1_failed_total", Help: "Requests answered otherwise.", Kind: telemetry.Counter, Labels: labels},
			{Name: "afflux_part1_open", Help: "Requests not answered yet.", Labels: labels},
			{Name: "afflux_part1_answer_seconds", Help: "From arrival to an OK.", Kind: telemetry.DistributionKind, Labels: labels},
			{Name: "afflux_part1_refusal_seconds", Help: "From arrival to any other answer.", Kind: telemetry.DistributionKind, Labels: labels},
			{Name: "afflux_part1_work_seconds", Help: "From arrival to the end of the work.", Kind: telemetry.DistributionKind, Labels: labels},
			{Name: "afflux_viewers", Help: "Viewers of the stream."},
			{Name: "afflux_part1_wait_seconds", Help: "In line, of work that stood there and was done.", Kind: telemetry.DistributionKind, Labels: labels},
		},
		Read: func(emit telemetry.Emit) {
			for _, e := range l.part1.Snapshot().Endpoints {
				for i, n := range []uint64{e.Total.Requests, e.Total.OK, e.Total.Rejected, e.Total.Failed, uint64(e.Total.Open)} {
					emit(i, float64(n), e.Name)
				}
			}
			emit(8, float64(l.site.Viewers()))
		},
		ReadDistributions: func(emit telemetry.EmitDistribution) {
			for _, d := range l.part1.Durations() {
				emit(5, d.Answers, d.Endpoint)
				emit(6, d.Refusals, d.Endpoint)
				emit(7, d.Works, d.Endpoint)
				emit(9, d.Waits, d.Endpoint)
			}
		},
	}
}

// pipelineMetrics offers part 2's books and histograms.
func (l *Lab) pipelineMetrics() telemetry.Source {
	counter := func(name, help string) telemetry.Metric {
		return telemetry.Metric{Name: "afflux_part2_" + name + "_total", Help: help, Kind: telemetry.Counter}
	}
	return telemetry.Source{
		Metrics: []telemetry.Metric{
			counter("enqueued", "Events that were accepted."),
			counter("done", "Events that were done."),
			counter("failed", "Events whose attempts were spent."),
			counter("dropped", "Events that were dropped by overflow."),
			counter("rejected", "Requests that were refused."),
			counter("retried", "Uses that failed and were to be repeated."),
			{Name: "afflux_part2_events", Help: "Events in the system, by place.", Labels: []string{"place"}},
			{Name: "afflux_part2_buffer", Help: "Events that may wait."},
			{Name: "afflux_part2_latency_seconds", Help: "Of finished events, from the stamp to the end.", Kind: telemetry.DistributionKind},
			{Name: "afflux_part2_service_seconds", Help: "Of their last use of the resource.", Kind: telemetry.DistributionKind},
		},
		Read: func(emit telemetry.Emit) {
			s := l.part2.Snapshot()
			t := s.Total
			for i, n := range []uint64{t.Enqueued, t.Done, t.Failed, t.Dropped, t.Rejected, t.Retried} {
				emit(i, float64(n))
			}
			for place, n := range map[string]int{"buffer": s.Buffer, "inboxes": s.Inboxes, "hand": s.Hands, "retrying": s.Delayed} {
				emit(6, float64(n), place)
			}
			emit(7, float64(s.Capacity))
		},
		ReadDistributions: func(emit telemetry.EmitDistribution) {
			latency, service := l.part2.Durations()
			emit(8, latency)
			emit(9, service)
		},
	}
}
