package live_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/live"
)

const chartPage = `{{define "page"}}{{template "windows"}}{{template "chart" dict "id" "x" "label" "In flight" "unit" "requests" "limited" true
	"series" (list (series "a" "serial" "flight" "high" "a_high" "style" "area") (series "done" "done" "done" "rate" true))}}{{end}}`

func TestAChartIsATableWithoutScripts(t *testing.T) {
	var asked []live.PastColumn
	var over time.Duration
	site, err := live.New(live.Config{Past: func(columns []live.PastColumn, window time.Duration, steps int) []live.PastRow {
		asked, over = columns, window
		return []live.PastRow{{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Cells: []float64{48.5, 50, math.NaN()}}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Add(live.Page{Path: "/c", Files: one(chartPage)}); err != nil {
		t.Fatal(err)
	}
	body := get(t, mux(site, nil), "/c?window=10m").Body.String()
	for _, want := range []string{
		`data-window="10m"`, `<a href="?window=10m" data-window-choice="10m" aria-current="true">`, `data-limited`,
		`data-series="a" data-colour="flight" data-style="area" data-high="a_high"`, `data-series="done" data-colour="done" data-style="line" data-rate`,
		`<th scope="col" class="n">serial, highest</th><th scope="col" class="n">done per second</th>`,
		`<th scope="row">03:04:05</th><td class="n">48.5</td><td class="n">50</td><td class="n">–</td>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	want := []live.PastColumn{{Name: "a"}, {Name: "a_high", Highest: true}, {Name: "done", Rate: true}}
	if fmt.Sprint(asked) != fmt.Sprint(want) || over != 10*time.Minute {
		t.Errorf("asked for %v over %v", asked, over)
	}
	if body := get(t, mux(site, nil), "/c?window=1y").Body.String(); !strings.Contains(body, `data-window="1m"`) {
		t.Error("a window that there is not was taken")
	}
}

func TestAHistogramHasOneAxisForAllItsRows(t *testing.T) {
	site, err := live.New(live.Config{})
	if err != nil {
		t.Fatal(err)
	}
	rows := []live.Spread{
		{Label: "quick", Colour: "answered", Bins: []live.Bin{{From: 100 * time.Microsecond, To: 200 * time.Microsecond, Count: 1}, {From: time.Millisecond, To: 2 * time.Millisecond, Count: 1000}}},
		{Label: "slow", Colour: "done", Bins: []live.Bin{{From: time.Second, To: 2 * time.Second, Count: 5}}, Ticks: []time.Duration{time.Second}},
	}
	if err := site.Add(live.Page{Path: "/h", Files: one(`{{define "page"}}{{template "histogram" dict "label" "h" "rows" .}}{{end}}`), Data: func(r *http.Request) any { return rows }}); err != nil {
		t.Fatal(err)
	}
	body := get(t, mux(site, nil), "/h").Body.String()
	// From 0.1 ms to 10 s: five decades of a fifth of the width each.
	for _, want := range []string{
		`<rect x="0%" width="6.02%" y="0" height="4%"/>`, `<rect x="20%" width="6.02%" y="0" height="100%"/>`,
		`<rect x="80%" width="6.02%" y="0" height="100%"/>`, `<line x1="80%" x2="80%"`, `>100 µs</text>`, `>10 s</text>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the picture lacks %s\n%s", want, body)
		}
	}
}
