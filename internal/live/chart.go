package live

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"
)

// Series is a line of the "chart" component.
type Series struct {
	Name   string // of the series in samples and in /api/v1/series
	Label  string
	Colour string // its meaning
	High   string // a series with the highest between samples, drawn as a band above; empty: none
	Style  string // one of styles
	Rate   bool   // a count that grows, drawn per second
}

// styles are the ways to draw a series: a line; with the area below it; with the area
// below it on top of the stack that stands before it in the list; with the area between
// it and the one before it in the list.
var styles = []string{"line", "area", "stack", "until"}

// window is a length of time that charts can show.
type window struct {
	Name, Label string
	Length      time.Duration
}

// windows are all of them; the second is shown unless the address says otherwise.
var windows = []window{
	{"10s", "10 s", 10 * time.Second},
	{"1m", "1 min", time.Minute},
	{"10m", "10 min", 10 * time.Minute},
	{"1h", "1 h", time.Hour},
	{"24h", "24 h", 24 * time.Hour},
}

// windowOf is the one that a request asks for with ?window=10m.
func windowOf(r *http.Request) window {
	asked := r.URL.Query().Get("window")
	for _, w := range windows {
		if w.Name == asked {
			return w
		}
	}
	return windows[1]
}

// Past is asked for a chart's table: a row for each step of the newest window that
// has samples, oldest first, with a number for each column; NaN where there is none.
type Past func(columns []PastColumn, window time.Duration, steps int) []PastRow

// PastColumn is what a number of a row is to be.
type PastColumn struct {
	Name    string // of the series
	Rate    bool   // how much it grew per second
	Highest bool   // the highest within the step, else the mean
	Last    bool   // the last within the step: what a count came to
}

// PastRow is one step.
type PastRow struct {
	At    time.Time // when it begins
	Cells []float64
}

// steps is how many rows a chart's table has at most.
const steps = 12

// past is the table of a chart, as the "table" component has it.
type past struct {
	Columns []Column
	Rows    [][]any
}

// past is that table; floating charts are those of counts that grow.
func (v *view) past(list []any, floating any) (past, error) {
	counts, _ := floating.(bool)
	table := past{Columns: []Column{{Head: "Time"}}}
	var columns []PastColumn
	for _, item := range list {
		s, ok := item.(Series)
		if !ok {
			return past{}, fmt.Errorf("chart: %T is not a series", item)
		}
		columns = append(columns, PastColumn{Name: s.Name, Rate: s.Rate, Last: counts && !s.Rate})
		table.Columns = append(table.Columns, Column{Head: s.head(), Number: true})
		if s.High != "" {
			columns = append(columns, PastColumn{Name: s.High, Highest: true})
			table.Columns = append(table.Columns, Column{Head: s.Label + ", highest", Number: true})
		}
	}
	if v.probing || v.site.past == nil {
		return table, nil
	}
	for _, row := range v.site.past(columns, windowOf(v.r).Length, steps) {
		cells := []any{clock(row.At)}
		for _, n := range row.Cells {
			cells = append(cells, cell(n))
		}
		table.Rows = append(table.Rows, cells)
	}
	return table, nil
}

func (s Series) head() string {
	if s.Rate {
		return s.Label + " per second"
	}
	return s.Label
}

func cell(n float64) string {
	if math.IsNaN(n) {
		return "–"
	}
	return sig(n)
}

// series makes one inside a template: name, label and meaning, then in pairs what
// else there is to say: "high" a name, "style" "area", "rate" true.
func series(name, label, meaning string, more ...any) (Series, error) {
	s := Series{Name: name, Label: label, Colour: meaning, Style: "line"}
	extra, err := dict(more...)
	if err != nil {
		return s, err
	}
	for key, value := range extra {
		switch v := value.(type) {
		case bool:
			s.Rate = v
		case string:
			switch key {
			case "high":
				s.High = v
			case "style":
				if !slices.Contains(styles, v) {
					return s, fmt.Errorf("series %s: there is no style %s", name, v)
				}
				s.Style = v
			default:
				return s, fmt.Errorf("series %s: %s is not known", name, key)
			}
		default:
			return s, fmt.Errorf("series %s: %s is neither a name nor a truth", name, key)
		}
	}
	return s, nil
}
