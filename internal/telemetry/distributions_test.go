package telemetry_test

import (
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestPrometheusIsToldWhatTheDistributionHolds(t *testing.T) {
	h := telemetry.NewHistogram()
	all := durations(3000)
	for _, d := range all {
		h.Record(d)
	}
	h.Reset() // which Prometheus does not see
	handler := telemetry.Handler(telemetry.Source{
		Metrics: []telemetry.Metric{
			{Name: "lab_latency_seconds", Help: "How long.", Kind: telemetry.DistributionKind, Labels: []string{"caller"}},
			{Name: "lab_high", Help: "The highest.", Kind: telemetry.High},
		},
		Read: func(emit telemetry.Emit) { emit(1, 9) },
		ReadDistributions: func(emit func(metric int, d telemetry.Distribution, labels ...string)) {
			emit(0, h.Total(), "serial")
			emit(0, telemetry.Distribution{}, "async")
		},
	})
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest("GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := families["lab_high"].GetMetric()[0].GetGauge().GetValue(); got != 9 {
		t.Errorf("the highest is %v", got)
	}
	metrics := families["lab_latency_seconds"].GetMetric()
	if len(metrics) != 2 {
		t.Fatalf("%d", len(metrics))
	}
	empty, full := metrics[0].GetHistogram(), metrics[1].GetHistogram()
	if empty.GetSampleCount() != 0 || empty.GetSampleSum() != 0 {
		t.Errorf("async: %v", empty)
	}
	d := h.Total()
	if full.GetSampleCount() != d.Count || math.Abs(full.GetSampleSum()-d.Sum.Seconds()) > 1e-9*d.Sum.Seconds() {
		t.Errorf("%d, %v; want %d, %v", full.GetSampleCount(), full.GetSampleSum(), d.Count, d.Sum)
	}
	if len(full.GetBucket()) != len(telemetry.Buckets)+1 {
		t.Fatalf("%d buckets", len(full.GetBucket()))
	}
	for i, bound := range telemetry.Buckets {
		b := full.GetBucket()[i]
		least, most := uint64(0), uint64(0)
		for _, d := range all {
			if float64(d) <= 0.99*float64(bound) {
				least++
			}
			if float64(d) <= 1.01*float64(bound) {
				most++
			}
		}
		if b.GetUpperBound() != bound.Seconds() || b.GetCumulativeCount() < least || b.GetCumulativeCount() > most {
			t.Errorf("at most %v: %d; want %d to %d at most %s", b.GetUpperBound(), b.GetCumulativeCount(), least, most, bound)
		}
		p := float64(b.GetCumulativeCount()) / float64(d.Count)
		if q := d.Quantile(p); p > 0 && float64(q) > 1.01*float64(bound) {
			t.Errorf("a part of %v is at most %s, but the quantile is %s", p, bound, q)
		}
	}
}

func TestASourceMayHaveDistributionsAlone(t *testing.T) {
	handler := telemetry.Handler(telemetry.Source{
		Metrics: []telemetry.Metric{{Name: "lab_wait_seconds", Help: "How long.", Kind: telemetry.DistributionKind}},
		ReadDistributions: func(emit telemetry.EmitDistribution) {
			h := telemetry.NewHistogram()
			h.Record(500 * time.Millisecond)
			emit(0, h.Total())
		},
	})
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		"# TYPE lab_wait_seconds histogram\n", `lab_wait_seconds_bucket{le="0.25"} 0`, `lab_wait_seconds_bucket{le="0.5"} 1`,
		`lab_wait_seconds_bucket{le="+Inf"} 1`, "lab_wait_seconds_sum 0.5\n", "lab_wait_seconds_count 1\n",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("missing %q", want)
		}
	}
}
