package part2

import (
	"cmp"
	"slices"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// View is what /api/v1/pipeline answers. At every moment
//
//	enqueued = done + failed + dropped + retrying + in_buffer + in_inboxes + in_hand
type View struct {
	Epoch       uint64 `json:"epoch"`
	Kind        Kind   `json:"kind"`         // of the nodes that are there
	SwitchingTo Kind   `json:"switching_to"` // what they become when the old ones have left; empty: nothing
	Intake      Intake `json:"intake"`
	Paused      bool   `json:"paused"`
	MaxDemand   int    `json:"max_demand"`
	MinDemand   int    `json:"min_demand"`

	Enqueued  uint64 `json:"enqueued"`
	Done      uint64 `json:"done"`
	Failed    uint64 `json:"failed"`
	Dropped   uint64 `json:"dropped"`
	Rejected  uint64 `json:"rejected"`
	Retrying  int    `json:"retrying"`
	InBuffer  int    `json:"in_buffer"`
	InInboxes int    `json:"in_inboxes"`
	InHand    int    `json:"in_hand"`
	InSystem  int    `json:"in_system"`

	RatePerS     float64 `json:"rate_per_s"` // at which events end
	LatencyMS    Times   `json:"latency_ms"`
	BufferWaitMS Times   `json:"buffer_wait_ms"` // each hand-out counts: an event that went back has several
	InboxWaitMS  Times   `json:"inbox_wait_ms"`
	ServiceMS    Times   `json:"service_ms"`

	Consumers []Consumer `json:"consumers"`
	Forecast  Forecast   `json:"forecast"`
}

// Times are how long something took, in milliseconds.
type Times struct {
	Count uint64  `json:"count"`
	Sum   float64 `json:"sum"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

func timesOf(h stage.Histogram) Times {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return Times{
		h.Count, ms(h.Sum), ms(h.Mean()), ms(h.Quantile(0.5)), ms(h.Quantile(0.9)),
		ms(h.Quantile(0.95)), ms(h.Quantile(0.99)), ms(h.Max),
	}
}

// Consumer is one that takes events.
type Consumer struct {
	Name          string `json:"name"`
	Done          uint64 `json:"done"`
	Busy          int    `json:"busy"` // events in hand
	Inbox         int    `json:"inbox"`
	PendingDemand int    `json:"pending_demand"`
	Leaving       bool   `json:"leaving"` // it finishes what it has in hand
}

// View returns the pipeline as the API shows it; the epoch is the caller's.
func (p *Part) View(epoch uint64) View {
	s := p.Snapshot()
	o := &s.OutletSnapshot
	v := View{
		Epoch: epoch, Kind: s.Settings.Kind, SwitchingTo: s.SwitchingTo, Intake: intake(o), Paused: o.Paused,
		MaxDemand: s.Settings.MaxDemand, MinDemand: s.Settings.minDemand(),
		Enqueued: o.Accepted, Done: o.Done, Failed: o.Failed, Dropped: o.Dropped, Rejected: o.Rejected,
		Retrying: o.Delayed, InBuffer: o.Buffer, InInboxes: o.Inboxes, InHand: o.Hands, InSystem: o.InSystem(),
		RatePerS:  p.rate(o),
		LatencyMS: timesOf(o.Total), BufferWaitMS: timesOf(o.BufferWait), InboxWaitMS: timesOf(o.InboxWait), ServiceMS: timesOf(o.Service),
		Consumers: []Consumer{}, Forecast: p.forecast(o),
	}
	if s.SwitchingTo != "" {
		v.Kind = other(s.SwitchingTo)
	}
	for _, sub := range sorted(o.Subscriptions) {
		v.Consumers = append(v.Consumers, Consumer{sub.Stage, sub.Done, sub.Busy, sub.Inbox, sub.Credit, sub.Leaving})
	}
	return v
}

func other(k Kind) Kind {
	if k == Consumers {
		return Supervisor
	}
	return Consumers
}

// sorted puts consumer-2 before consumer-10.
func sorted(subs []stage.SubscriptionSnapshot) []stage.SubscriptionSnapshot {
	slices.SortFunc(subs, func(a, b stage.SubscriptionSnapshot) int {
		x, _ := numberOf(a.Stage)
		y, _ := numberOf(b.Stage)
		return cmp.Compare(x, y)
	})
	return subs
}
