package part2

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// mostShown is how many consumers the picture shows; the others are one node.
const mostShown = 10

// strides tells how many events a second each consumer finishes, from one look to
// the next a second later. It costs nothing while nobody looks.
type strides struct {
	mu    sync.Mutex
	at    time.Duration
	done  map[string]uint64
	rates map[string]float64
}

func (s *strides) look(now time.Duration, subs []stage.SubscriptionSnapshot) map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	over := now - s.at
	if s.rates != nil && over < 900*time.Millisecond {
		return s.rates
	}
	done, rates := map[string]uint64{}, map[string]float64{}
	for _, sub := range subs {
		done[sub.Stage] = sub.Done
		if before, known := s.done[sub.Stage]; known && sub.Done >= before && over < 10*time.Second {
			rates[sub.Stage] = float64(sub.Done-before) / over.Seconds()
		}
	}
	s.at, s.done, s.rates = now, done, rates
	return rates
}

// flow is the picture of the pipeline.
func (p *Part) flow() live.Flow {
	s := p.Snapshot()
	o := &s.OutletSnapshot
	subs := sorted(o.Subscriptions)
	rates := p.strides.look(p.clock(), subs)
	f := live.Flow{Label: p.summary(s), Nodes: []live.FlowNode{
		{ID: "http", Kind: "requests", Name: "HTTP", Column: 0, Facts: []live.Fact{
			{Label: "comes", Live: "part2.in_rate"},
			{Label: "accepted", Live: "part2.enqueued", Colour: "answered"},
			{Label: "refused", Live: "part2.rejected", Colour: "rejected"},
		}},
		producerNode(o),
	}}
	f.Edges = []live.FlowEdge{{From: "http", To: "producer", PerSecond: o.RateIn, Colour: "answered"}}
	for _, sub := range subs[:min(len(subs), mostShown)] {
		f.Nodes = append(f.Nodes, takerNode(sub))
		f.Edges = append(f.Edges, toTaker(sub, rates[sub.Stage]), live.FlowEdge{From: sub.Stage, To: "mock-resource", PerSecond: rates[sub.Stage], Colour: "flight"})
	}
	if len(subs) > mostShown {
		more(&f, subs[mostShown:], rates)
	}
	f.Nodes = append(f.Nodes, live.FlowNode{ID: "mock-resource", Kind: "resource", Name: "mock-resource", Href: "/part1", Column: 3, Facts: []live.Fact{
		{Label: "in flight", Live: "part2.usage", Colour: "flight"}, {Label: "limit", Live: "part2.limit"},
	}})
	return f
}

func producerNode(o *stage.OutletSnapshot) live.FlowNode {
	n := live.FlowNode{
		ID: "producer", Kind: "producer", Name: "producer", Column: 1,
		Fill: float64(o.Buffer + o.Delayed), Of: float64(o.Capacity), FillColour: "waiting",
		Facts: []live.Fact{
			{Label: "buffer", Live: "part2.in_buffer", Colour: "waiting"},
			{Label: "retrying", Live: "part2.retrying", Colour: "answered"},
		},
	}
	switch in := intake(o); {
	case o.Paused:
		n.State, n.Colour = "paused", "waiting"
	case in != Open:
		n.State, n.Colour = string(in), "rejected"
	}
	if o.Dropped > 0 {
		n.Alarm = live.Count(o.Dropped).Text + " dropped"
	}
	return n
}

// valuesOf is how the values of a node are called; nothing if the picture does not
// show the node. See values.nodes.
func valuesOf(stage string) (prefix string) {
	n, isConsumer := numberOf(stage)
	switch {
	case !isConsumer:
		return "supervisor_"
	case n <= mostShown:
		return "c" + strconv.Itoa(n) + "_"
	}
	return ""
}

// fact is a number of a node: kept fresh under that name, or as it is.
func fact(sub stage.SubscriptionSnapshot, label, colour, value string, now int) live.Fact {
	f := live.Fact{Label: label, Colour: colour}
	if prefix := valuesOf(sub.Stage); prefix != "" {
		f.Live = "part2." + prefix + value
	} else {
		f.Text = live.Count(uint64(now)).Text
	}
	return f
}

func takerNode(sub stage.SubscriptionSnapshot) live.FlowNode {
	n := live.FlowNode{ID: sub.Stage, Kind: "consumer", Name: sub.Stage, Column: 2, Facts: []live.Fact{fact(sub, "done", "done", "done", int(sub.Done))}}
	if sub.Stage == SupervisorName {
		n.Kind = "consumer supervisor"
		n.Facts = append([]live.Fact{fact(sub, "in hand", "hand", "busy", sub.Busy)}, n.Facts...)
	}
	switch {
	case sub.Leaving:
		n.State, n.Colour = "leaving", "rejected"
	case !sub.Attached:
		n.State, n.Colour = "not running", "rejected"
	case sub.Busy > 0:
		n.State, n.Colour = "busy", "hand"
	default:
		n.State, n.Colour, n.Quiet = "idle", "demand", true
	}
	return n
}

func toTaker(sub stage.SubscriptionSnapshot, rate float64) live.FlowEdge {
	e := live.FlowEdge{From: "producer", To: sub.Stage, PerSecond: rate, Colour: "inbox", Depth: float64(sub.Inbox), DepthOf: float64(sub.Max)}
	if sub.Prefetch {
		e.Facts = append(e.Facts, fact(sub, "inbox", "inbox", "inbox", sub.Inbox))
	}
	if sub.Prefetch || sub.Stage == SupervisorName {
		e.Facts = append(e.Facts, fact(sub, "demand", "demand", "demand", sub.Credit))
	}
	return e
}

// more is one node for all consumers that are not shown.
func more(f *live.Flow, subs []stage.SubscriptionSnapshot, rates map[string]float64) {
	var all stage.SubscriptionSnapshot
	rate := 0.0
	for _, s := range subs {
		all.Done += s.Done
		all.Busy += s.Busy
		all.Inbox += s.Inbox
		all.Credit += s.Credit
		all.Max += s.Max
		rate += rates[s.Stage]
	}
	count := func(label, colour string, n int) live.Fact {
		return live.Fact{Label: label, Text: live.Count(uint64(n)).Text, Colour: colour}
	}
	f.Nodes = append(f.Nodes, live.FlowNode{ID: "more", Kind: "consumers", Name: fmt.Sprintf("and %d more", len(subs)), Column: 2, Quiet: true, Facts: []live.Fact{
		count("busy", "hand", all.Busy), count("done", "done", int(all.Done)),
	}})
	f.Edges = append(f.Edges,
		live.FlowEdge{From: "producer", To: "more", PerSecond: rate, Colour: "inbox", Depth: float64(all.Inbox), DepthOf: float64(all.Max), Facts: []live.Fact{
			count("inboxes", "inbox", all.Inbox), count("demand", "demand", all.Credit)}},
		live.FlowEdge{From: "more", To: "mock-resource", PerSecond: rate, Colour: "flight"})
}
