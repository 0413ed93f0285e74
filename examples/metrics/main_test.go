package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shopOf(t *testing.T, log *slog.Logger) *shop {
	t.Helper()
	s, err := newShop(log, noop.NewTracerProvider().Tracer(""))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sell pushes so many orders, of which every tenth is empty, and closes the shop.
func (s *shop) sell(t *testing.T, orders int) {
	t.Helper()
	for id := range orders {
		if err := s.orders.Push(t.Context(), order{id: id, items: id % 10}); err != nil {
			t.Fatal(err)
		}
	}
	s.orders.Close()
}

// firstFails fails the first try of every third order.
func firstFails() func(order) error {
	var tried [1000]atomic.Bool
	return func(o order) error {
		if o.id%3 == 0 && !tried[o.id].Swap(true) {
			return errVan
		}
		return nil
	}
}

// scrape asks a server for /metrics and gives each series its value: of a histogram
// with the suffixes _count and _sum.
func scrape(t *testing.T, p *stage.Pipeline) map[string]float64 {
	t.Helper()
	server := httptest.NewServer(metrics(Collector(p)))
	defer server.Close()
	r, err := server.Client().Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for name, family := range families {
		for _, m := range family.Metric {
			labels := labelsOf(m)
			switch family.GetType() {
			case dto.MetricType_HISTOGRAM:
				values[name+"_count"+labels] = float64(m.Histogram.GetSampleCount())
				values[name+"_sum"+labels] = m.Histogram.GetSampleSum()
			case dto.MetricType_GAUGE:
				values[name+labels] = m.Gauge.GetValue()
			default:
				values[name+labels] = m.Counter.GetValue()
			}
		}
	}
	return values
}

func labelsOf(m *dto.Metric) string {
	var all []string
	for _, l := range m.Label {
		if l.GetName() != "pipeline" {
			all = append(all, l.GetValue())
		}
	}
	return fmt.Sprint(all)
}

// expected is what a scrape should say of a snapshot.
func expected(s stage.Snapshot) map[string]float64 {
	want := map[string]float64{}
	for _, o := range s.Outlets {
		of := "[" + o.Name + "]"
		maps.Copy(want, map[string]float64{
			"afflux_accepted_total" + of: float64(o.Accepted), "afflux_done_total" + of: float64(o.Done),
			"afflux_failed_total" + of: float64(o.Failed), "afflux_dropped_total" + of: float64(o.Dropped),
			"afflux_retried_total" + of: float64(o.Retried), "afflux_rejected_total" + of: float64(o.Rejected),
			"afflux_capacity" + of: float64(o.Capacity), "afflux_pushers" + of: float64(o.Pushers),
			"afflux_events[" + o.Name + " buffer]": float64(o.Buffer), "afflux_events[" + o.Name + " inbox]": float64(o.Inboxes),
			"afflux_events[" + o.Name + " hands]": float64(o.Hands), "afflux_events[" + o.Name + " delayed]": float64(o.Delayed),
		})
		for name, h := range map[string]stage.Histogram{
			"buffer_wait": o.BufferWait, "inbox_wait": o.InboxWait, "service": o.Service, "total": o.Total,
		} {
			want["afflux_"+name+"_seconds_count"+of] = float64(h.Count)
			want["afflux_"+name+"_seconds_sum"+of] = h.Sum.Seconds()
		}
		for _, sub := range o.Subscriptions {
			of := "[" + o.Name + " " + sub.Stage + "]"
			maps.Copy(want, map[string]float64{
				"afflux_stage_done_total" + of: float64(sub.Done), "afflux_stage_failed_total" + of: float64(sub.Failed),
				"afflux_stage_retried_total" + of: float64(sub.Retried), "afflux_stage_service_seconds_total" + of: sub.Service.Seconds(),
				"afflux_stage_workers" + of: float64(sub.Workers), "afflux_stage_hands" + of: float64(sub.Hands), "afflux_stage_inbox" + of: float64(sub.Inbox),
			})
		}
	}
	return want
}

func expectScrape(t *testing.T, p *stage.Pipeline) {
	t.Helper()
	got, want := scrape(t, p), expected(p.Snapshot())
	for name, value := range want {
		if v, there := got[name]; !there || v != value {
			t.Errorf("%s is %v, want %v", name, v, value)
		}
	}
	for name := range got {
		live := strings.Contains(name, "oldest_seconds") || strings.Contains(name, "occupied_seconds") // they grow meanwhile
		if _, known := want[name]; !known && !live {
			t.Errorf("%s is not in the snapshot", name)
		}
	}
}

func TestAScrapeSaysWhatTheSnapshotSays(t *testing.T) {
	s := shopOf(t, slog.New(slog.DiscardHandler))
	s.ship = firstFails()
	expectScrape(t, s.pipeline) // before anything comes
	s.sell(t, 100)
	if err := s.pipeline.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectScrape(t, s.pipeline)
	got := scrape(t, s.pipeline)
	for name, value := range map[string]float64{
		"afflux_accepted_total[orders]": 100, "afflux_done_total[orders]": 90, "afflux_failed_total[orders]": 10,
		"afflux_done_total[check]": 90, "afflux_retried_total[check]": 30, "afflux_buffer_wait_seconds_count[check]": 120,
	} {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
}

func TestAScrapeSaysWhereEventsAre(t *testing.T) {
	s := shopOf(t, slog.New(slog.DiscardHandler))
	finish := make(chan bool)
	s.ship = func(order) error { <-finish; return nil }
	ended := make(chan error, 1)
	go func() { ended <- s.pipeline.Run(t.Context()) }()
	for range 10 {
		if err := s.orders.TryPush(order{items: 1}); err != nil {
			t.Error(err)
		}
	}
	// Two are in hand, two were asked for ahead, and check was asked for no more.
	at := func() (hands, inbox, waiting float64) {
		got := scrape(t, s.pipeline)
		return got["afflux_events[check hands]"], got["afflux_events[check inbox]"], got["afflux_events[orders buffer]"]
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		hands, inbox, waiting := at()
		if hands == 2 && inbox == 2 && waiting == 6 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v in hand, %v in the inbox, %v orders wait, want 2, 2 and 6", hands, inbox, waiting)
		}
	}
	expectScrape(t, s.pipeline)
	close(finish)
	s.orders.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestBucketsAreCumulatedAtTheirBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{})
		q := stage.NewQueue[time.Duration](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(_ context.Context, d time.Duration) error { time.Sleep(d); return nil }, stage.ConsumerConfig[time.Duration]{})
		if _, err := c.Subscribe(q); err != nil {
			t.Fatal(err)
		}
		took := []time.Duration{0, 15 * time.Microsecond, 17 * time.Microsecond, time.Millisecond, 1100 * time.Microsecond, time.Second, time.Hour / 2}
		if _, err := q.PushAll(t.Context(), took); err != nil {
			t.Fatal(err)
		}
		q.Close()
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		counts := cumulated(&p.Snapshot().Outlet("q").Service)
		for _, bound := range bounds {
			want := uint64(0)
			for _, d := range took {
				if d < bound {
					want++
				}
			}
			if n := counts[bound.Seconds()]; n != want {
				t.Errorf("%d took less than %v, want %d", n, bound, want)
			}
		}
	})
}

func TestEachCallIsASpanInThatOfItsEvent(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	tracing := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	s, err := newShop(slog.New(slog.DiscardHandler), tracing.Tracer("shop"))
	if err != nil {
		t.Fatal(err)
	}
	s.ship = firstFails()
	s.sell(t, 100)
	if err := s.pipeline.Run(t.Context()); err != nil {
		t.Fatal(err)
	}

	names, failed := map[string]int{}, map[string]int{}
	byID := map[string]tracetest.SpanStub{}
	all := exporter.GetSpans()
	for _, span := range all {
		byID[span.SpanContext.SpanID().String()] = span
	}
	for _, span := range all {
		if !span.Parent.IsValid() {
			continue
		}
		way := byID[span.Parent.SpanID().String()]
		names[way.Name+" → "+span.Name]++
		if span.Status.Code == codes.Error {
			failed[span.Name]++
		}
		if span.StartTime.Before(way.StartTime) || span.EndTime != way.EndTime {
			t.Errorf("a call from %v to %v, its event from %v to %v", span.StartTime, span.EndTime, way.StartTime, way.EndTime)
		}
	}
	if want := map[string]int{"orders → check": 100, "check → ship": 120}; !maps.Equal(names, want) || len(all) != 2*220 {
		t.Errorf("%d spans, of calls %v, want %v", len(all), names, want)
	}
	if want := map[string]int{"check": 10, "ship": 30}; !maps.Equal(failed, want) {
		t.Errorf("failed: %v, want %v", failed, want)
	}
}

func TestWhatHappensIsLogged(t *testing.T) {
	var text bytes.Buffer
	s := shopOf(t, slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
	s.ship = firstFails()
	s.sell(t, 100)
	if err := s.pipeline.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		"level=WARN msg=\"event ":  10, // nothing was ordered
		"level=DEBUG msg=\"event ": 30, // tried again
		"stage=check outlet=orders seq=10 attempt=1 err=\"nothing was ordered\"": 1,
		"level=INFO msg=\"ship done\" stage=ship":                                1,
		"level=ERROR": 0,
	} {
		if n := strings.Count(text.String(), line); n != want {
			t.Errorf("%d lines with %q, want %d", n, line, want)
		}
	}
}
