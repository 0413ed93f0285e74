package lab

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/internal/web"
)

// seriesAnswer is what /api/v1/series answers.
type seriesAnswer struct {
	telemetry.History

	marks []telemetry.Mark
}

// MarshalJSON puts the marks beside the history.
func (a seriesAnswer) MarshalJSON() ([]byte, error) {
	marks, err := json.Marshal(a.marks)
	if err != nil {
		return nil, err
	}
	b := a.AppendMembers([]byte{'{'})
	b = append(b, `,"marks":`...)
	b = append(b, marks...)
	return append(b, '}'), nil
}

// getSeries is GET /api/v1/series.
func (l *Lab) getSeries(w http.ResponseWriter, r *http.Request) {
	q, err := l.query(r)
	if err == nil {
		var history telemetry.History
		if history, err = l.recorder.History(q); err == nil {
			web.JSON(w, http.StatusOK, seriesAnswer{History: history, marks: l.marksSince(q.Since)})
			return
		}
	}
	p := web.Problem{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	if wrong, ok := errors.AsType[*telemetry.QueryError](err); ok {
		p.Errors = []web.FieldError{{Field: wrong.Field, Detail: wrong.Detail}}
	}
	web.Fail(w, r, p)
}

// query reads what is asked for: name, since and step.
func (l *Lab) query(r *http.Request) (q telemetry.Query, err error) {
	values := r.URL.Query()
	for _, names := range values["name"] {
		for name := range strings.SplitSeq(names, ",") {
			if name != "" {
				q.Names = append(q.Names, name)
			}
		}
	}
	if q.Since, err = since(values.Get("since"), l.recorder.Now()); err != nil {
		return q, err
	}
	if step := values.Get("step"); step != "" {
		if q.Step, err = time.ParseDuration(step); err != nil || q.Step <= 0 {
			return q, &telemetry.QueryError{Field: "step", Detail: "want a duration, such as 100ms or 1s"}
		}
	}
	return q, nil
}

// since is a duration back from now or a moment; nothing means a minute.
func since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now.Add(-time.Minute), nil
	}
	if back, err := time.ParseDuration(text); err == nil && back >= 0 {
		return now.Add(-back), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	return now, &telemetry.QueryError{Field: "since", Detail: "want a duration back, such as 10m, or a time, such as 2026-01-31T12:00:00Z"}
}

func (l *Lab) marksSince(at time.Time) []telemetry.Mark {
	marks := []telemetry.Mark{}
	for _, m := range l.marks.Last(keptMarks) {
		if !m.At.Before(at) {
			marks = append(marks, m)
		}
	}
	return marks
}

func seriesSchema() *jsonschema.Schema {
	number := &jsonschema.Schema{Type: "number"}
	numbers := &jsonschema.Schema{Type: "array", Items: number}
	line := &jsonschema.Schema{Type: "object", Required: []string{"kind"}, Properties: map[string]*jsonschema.Schema{
		"kind": {Type: "string", Enum: []any{"gauge", "counter", "high"}}, "mean": numbers, "min": numbers, "max": numbers, "last": numbers,
	}}
	mark := &jsonschema.Schema{Type: "object", Required: []string{"at", "kind", "text"}, Properties: map[string]*jsonschema.Schema{
		"at": number, "kind": {Type: "string"}, "text": {Type: "string"},
	}}
	return &jsonschema.Schema{Type: "object", Required: []string{"step_ms", "t", "series", "marks"}, Properties: map[string]*jsonschema.Schema{
		"step_ms": number, "t": numbers,
		"series": {Type: "object", AdditionalProperties: line},
		"marks":  {Type: "array", Items: mark},
	}}
}

func (l *Lab) seriesRoute() web.Route {
	return web.Route{Method: "GET", Path: "/api/v1/series", Class: web.API, Handler: l.getSeries, Doc: web.Doc{
		Summary:     "What was recorded, in steps of time",
		Description: "Every 20 ms for 10 minutes, every second for 24 hours. A gauge has mean, min and max of each step, a counter its last, a high its max. " + l.seriesHelp(),
		Query: []web.Parameter{
			{Name: "name", Description: "which series; repeated, or with commas; none: all"},
			{Name: "since", Description: "a duration back or an RFC 3339 time; left out: 1m"},
			{Name: "step", Description: "20ms or a multiple of it; left out: one that makes at most 1,000 points"},
		},
		Response: seriesSchema(), ResponseName: "History", Fails: []int{422},
	}}
}

// seriesHelp says what there is.
func (l *Lab) seriesHelp() string {
	var lines []string
	for _, s := range l.recorder.Series() {
		line := s.Name + ": "
		if s.Unit != "" {
			line += s.Unit + ", "
		}
		lines = append(lines, line+s.Help)
	}
	return strings.Join(lines, "; ") + "."
}

// past is the history as the tables of charts want it.
func (l *Lab) past(columns []live.PastColumn, window time.Duration, steps int) []live.PastRow {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	step := window / time.Duration(steps)
	step = max(step/telemetry.Step, 1) * telemetry.Step
	if step > time.Second {
		step = step.Truncate(time.Second)
	}
	now := l.recorder.Now()
	// One step more: the growth of the first row needs the row before it.
	h, err := l.recorder.History(telemetry.Query{Names: names, Since: now.Add(-window - step), Step: step})
	if err != nil {
		l.log.Error("no table of the past", "err", err)
		return nil
	}
	var rows []live.PastRow
	for i := 1; i < len(h.T); i++ {
		row := live.PastRow{At: time.UnixMilli(h.T[i])}
		grown := time.UnixMilli(h.T[i]).Sub(time.UnixMilli(h.T[i-1]))
		if filled := now.Sub(row.At); filled < step { // the newest step is still going on
			grown = filled
		}
		for c, line := range h.Lines {
			row.Cells = append(row.Cells, cell(columns[c], line, i, grown))
		}
		rows = append(rows, row)
	}
	return rows[max(0, len(rows)-steps):]
}

// cell is the number of one column at step i, in which a count grew for that long.
func cell(c live.PastColumn, line telemetry.Line, i int, grown time.Duration) float64 {
	switch {
	case c.Last && line.Last != nil:
		return line.Last[i]
	case c.Rate && line.Last != nil:
		if line.Last[i] < line.Last[i-1] || grown < telemetry.Step {
			return math.NaN() // a reset in between, or too short a time
		}
		return (line.Last[i] - line.Last[i-1]) / grown.Seconds()
	case c.Highest && line.Max != nil:
		return line.Max[i]
	case line.Mean != nil:
		return line.Mean[i]
	}
	return math.NaN()
}
