package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/affluxlab/afflux/stage"
)

// Collector is a Prometheus collector of a pipeline's numbers. Each scrape reads one
// Snapshot, so that the numbers of an outlet agree: what was accepted is done, failed,
// dropped, or in one of the places of afflux_events.
//
// The numbers of an outlet have its name as a label, and those of a stage's part in it
// that of the stage too. A stage that leaves takes its series along, while those of the
// outlet stay.
func Collector(p *stage.Pipeline) prometheus.Collector {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("afflux_"+name, help, labels, prometheus.Labels{"pipeline": p.Name()})
	}
	c := collector{pipeline: p, events: describe("events", "Events in the system, by where they are.", "outlet", "place")}
	outlet := func(name, help string, kind prometheus.ValueType, value func(*stage.OutletSnapshot) float64) {
		c.outlet = append(c.outlet, number[stage.OutletSnapshot]{describe(name, help, "outlet"), kind, value})
	}
	part := func(name, help string, kind prometheus.ValueType, value func(*stage.SubscriptionSnapshot) float64) {
		c.part = append(c.part, number[stage.SubscriptionSnapshot]{describe(name, help, "outlet", "stage"), kind, value})
	}
	waits := func(name, help string, value func(*stage.OutletSnapshot) *stage.Histogram) {
		c.waits = append(c.waits, histogram{describe(name, help, "outlet"), value})
	}
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue

	outlet("accepted_total", "Events accepted.", counter, func(o *stage.OutletSnapshot) float64 { return float64(o.Accepted) })
	outlet("done_total", "Events handled.", counter, func(o *stage.OutletSnapshot) float64 { return float64(o.Done) })
	outlet("failed_total", "Events that failed for good.", counter, func(o *stage.OutletSnapshot) float64 { return float64(o.Failed) })
	outlet("dropped_total", "Events dropped: by overflow, by lag, or with a cancelled subscription.", counter, func(o *stage.OutletSnapshot) float64 { return float64(o.Dropped) })
	outlet("retried_total", "Failures that were followed by another try.", counter, func(o *stage.OutletSnapshot) float64 { return float64(o.Retried) })
	outlet("rejected_total", "Pushes refused, of events that were never accepted.", counter, func(o *stage.OutletSnapshot) float64 { return float64(o.Rejected) })
	outlet("capacity", "Events that may wait in the buffer or for another try.", gauge, func(o *stage.OutletSnapshot) float64 { return float64(o.Capacity) })
	outlet("pushers", "Pushes that wait for room.", gauge, func(o *stage.OutletSnapshot) float64 { return float64(o.Pushers) })
	outlet("oldest_seconds", "Time that the first event in the buffer has waited.", gauge, func(o *stage.OutletSnapshot) float64 { return o.Oldest.Seconds() })

	waits("buffer_wait_seconds", "Time from acceptance to hand-out, of each try.", func(o *stage.OutletSnapshot) *stage.Histogram { return &o.BufferWait })
	waits("inbox_wait_seconds", "Time from hand-out to the handler, of each try.", func(o *stage.OutletSnapshot) *stage.Histogram { return &o.InboxWait })
	waits("service_seconds", "Time in the handler, of the try that settled the event.", func(o *stage.OutletSnapshot) *stage.Histogram { return &o.Service })
	waits("total_seconds", "Time from acceptance to the final outcome.", func(o *stage.OutletSnapshot) *stage.Histogram { return &o.Total })

	part("stage_done_total", "Events that the stage handled.", counter, func(s *stage.SubscriptionSnapshot) float64 { return float64(s.Done) })
	part("stage_failed_total", "Events that failed for good in the stage.", counter, func(s *stage.SubscriptionSnapshot) float64 { return float64(s.Failed) })
	part("stage_retried_total", "Failures in the stage that were followed by another try.", counter, func(s *stage.SubscriptionSnapshot) float64 { return float64(s.Retried) })
	part("stage_service_seconds_total", "Time in the handlers of the stage.", counter, func(s *stage.SubscriptionSnapshot) float64 { return s.Service.Seconds() })
	part("stage_occupied_seconds_total", "Time in which workers had events; its rate is how many are busy.", counter, func(s *stage.SubscriptionSnapshot) float64 { return s.Occupied.Seconds() })
	part("stage_workers", "Workers, or tasks, of the stage.", gauge, func(s *stage.SubscriptionSnapshot) float64 { return float64(s.Workers) })
	part("stage_hands", "Events in the handlers of the stage.", gauge, func(s *stage.SubscriptionSnapshot) float64 { return float64(s.Hands) })
	part("stage_inbox", "Events dealt out to the stage and not begun.", gauge, func(s *stage.SubscriptionSnapshot) float64 { return float64(s.Inbox) })
	return c
}

type collector struct {
	pipeline *stage.Pipeline
	events   *prometheus.Desc
	outlet   []number[stage.OutletSnapshot]
	part     []number[stage.SubscriptionSnapshot]
	waits    []histogram
}

// number is one metric of an outlet, or of a stage's part in it.
type number[Of any] struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*Of) float64
}

type histogram struct {
	desc  *prometheus.Desc
	value func(*stage.OutletSnapshot) *stage.Histogram
}

func (c collector) Describe(to chan<- *prometheus.Desc) {
	to <- c.events
	for _, n := range c.outlet {
		to <- n.desc
	}
	for _, h := range c.waits {
		to <- h.desc
	}
	for _, n := range c.part {
		to <- n.desc
	}
}

func (c collector) Collect(to chan<- prometheus.Metric) {
	outlets := c.pipeline.Snapshot().Outlets
	for i := range outlets {
		o := &outlets[i]
		for place, n := range map[string]int{"buffer": o.Buffer, "inbox": o.Inboxes, "hands": o.Hands, "delayed": o.Delayed} {
			to <- prometheus.MustNewConstMetric(c.events, prometheus.GaugeValue, float64(n), o.Name, place)
		}
		for _, n := range c.outlet {
			to <- prometheus.MustNewConstMetric(n.desc, n.kind, n.value(o), o.Name)
		}
		for _, h := range c.waits {
			v := h.value(o)
			to <- prometheus.MustNewConstHistogram(h.desc, v.Count, v.Sum.Seconds(), cumulated(v), o.Name)
		}
		c.collectParts(to, o)
	}
}

// collectParts adds up the subscriptions of each stage: it may have several.
func (c collector) collectParts(to chan<- prometheus.Metric, o *stage.OutletSnapshot) {
	for _, n := range c.part {
		sums := map[string]float64{}
		for i := range o.Subscriptions {
			sums[o.Subscriptions[i].Stage] += n.value(&o.Subscriptions[i])
		}
		for name, sum := range sums {
			to <- prometheus.MustNewConstMetric(n.desc, n.kind, sum, o.Name, name)
		}
	}
}

// bounds are those of the buckets: 16 µs, and four times as long each, to 67 s. A
// power of two of microseconds is a bound in a stage.Histogram too, so that no event is
// counted in the wrong bucket.
var bounds = func() (all []time.Duration) {
	for d := 16 * time.Microsecond; d < 100*time.Second; d *= 4 {
		all = append(all, d)
	}
	return all
}()

// cumulated is how many were shorter than each bound, as Prometheus wants it.
func cumulated(h *stage.Histogram) map[float64]uint64 {
	counts := make(map[float64]uint64, len(bounds))
	for _, bound := range bounds {
		counts[bound.Seconds()] = h.Below(bound)
	}
	return counts
}
