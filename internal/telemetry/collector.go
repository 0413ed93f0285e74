// Package telemetry makes numbers that other rooms keep readable from outside.
// It is handed functions and knows nobody's types.
package telemetry

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Kind is what a metric's numbers do.
type Kind int

// A Counter never goes back while the process lives; a Gauge may.
const (
	Gauge Kind = iota
	Counter
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
	Read    func(emit Emit)
}

// Emit reports the number of the metric at that place in Source.Metrics.
type Emit func(metric int, value float64, labels ...string)

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
	c.Read(func(metric int, value float64, labels ...string) {
		kind := prometheus.GaugeValue
		if c.Metrics[metric].Kind == Counter {
			kind = prometheus.CounterValue
		}
		ch <- prometheus.MustNewConstMetric(c.descs[metric], kind, value, labels...)
	})
}
