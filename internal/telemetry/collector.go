package telemetry

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metric is one name with a help text and labels.
type Metric struct {
	Name   string // "afflux_resource_in_flight"
	Help   string
	Kind   Kind
	Labels []string // names; their values come with each number
}

// Source are metrics whose numbers are read together, when somebody asks, so
// that they were true together.
type Source struct {
	Metrics []Metric
	// Read emits the numbers; nil if there are only distributions.
	Read func(emit Emit)
	// ReadDistributions emits the distributions; nil if there are none.
	ReadDistributions func(emit EmitDistribution)
}

// Emit reports the number of the metric at that place in Source.Metrics.
type Emit func(metric int, value float64, labels ...string)

// EmitDistribution reports the distribution of the metric at that place in
// Source.Metrics, which is of the [DistributionKind]. It may not go back while
// the process lives: give it a [Histogram]'s Total.
type EmitDistribution = func(metric int, d Distribution, labels ...string)

// Handler answers GET /metrics in the Prometheus text format, with the sources'
// numbers beside those of the Go runtime and the process.
func Handler(sources ...Source) http.HandlerFunc {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, s := range sources {
		registry.MustRegister(newCollector(s))
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP
}

// collector is a Source as Prometheus wants it.
type collector struct {
	Source
	descs []*prometheus.Desc
}

func newCollector(s Source) *collector {
	c := &collector{Source: s}
	for _, m := range s.Metrics {
		c.descs = append(c.descs, prometheus.NewDesc(m.Name, m.Help, m.Labels, nil))
	}
	return c
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

func (c *collector) Collect(ch chan<- prometheus.Metric) {
	if c.Read != nil {
		c.Read(func(metric int, value float64, labels ...string) {
			kind := prometheus.GaugeValue
			if c.Metrics[metric].Kind == Counter {
				kind = prometheus.CounterValue
			}
			ch <- prometheus.MustNewConstMetric(c.descs[metric], kind, value, labels...)
		})
	}
	if c.ReadDistributions != nil {
		c.ReadDistributions(func(metric int, d Distribution, labels ...string) {
			ch <- prometheus.MustNewConstHistogram(c.descs[metric], d.Count, d.sum.seconds(), buckets(d), labels...)
		})
	}
}

// bounds are the upper bounds of the buckets of a distribution.
var bounds = []time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 25 * time.Second, 60 * time.Second,
}

// buckets is what Prometheus calls so: how many were at most so many seconds.
func buckets(d Distribution) map[float64]uint64 {
	counts := d.atMost(bounds)
	out := make(map[float64]uint64, len(bounds))
	for i, bound := range bounds {
		out[bound.Seconds()] = counts[i]
	}
	return out
}
