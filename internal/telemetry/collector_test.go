package telemetry_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/telemetry"
)

func TestMetricsAreReadWhenTheyAreAskedFor(t *testing.T) {
	reads := 0
	h := telemetry.Handler(telemetry.Source{
		Metrics: []telemetry.Metric{
			{Name: "lab_in_flight", Help: "Now.", Labels: []string{"caller"}},
			{Name: "lab_started_total", Help: "Ever.", Kind: telemetry.Counter},
		},
		Read: func(emit telemetry.Emit) {
			reads++
			emit(0, 7, "serial")
			emit(1, float64(reads))
		},
	})
	for range 2 {
		w := httptest.NewRecorder()
		h(w, httptest.NewRequest("GET", "/metrics", nil))
		for _, want := range []string{`lab_in_flight{caller="serial"} 7`, "# TYPE lab_started_total counter", "go_goroutines"} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("missing %q", want)
			}
		}
	}
	if reads != 2 {
		t.Errorf("read %d times", reads)
	}
}
