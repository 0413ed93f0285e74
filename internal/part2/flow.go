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

// prefix is how the values of a node are called; see values.nodes.
func prefix(stage string) string {
	if stage == "consumer-supervisor" {
		return "part2.supervisor_"
	}
	return "part2.c" + stage[len("consumer-"):] + "_"
}

func takerNode(sub stage.SubscriptionSnapshot) live.FlowNode {
	n := live.FlowNode{ID: sub.Stage, Kind: "consumer", Name: sub.Stage, Column: 2, Facts: facts(sub,
		live.Fact{Label: "done", Live: "done", Colour: "done"})}
	if sub.Stage == "consumer-supervisor" {
		n.Kind = "consumer supervisor"
		n.Facts = append(facts(sub, live.Fact{Label: "in hand", Live: "busy", Colour: "hand"}), n.Facts...)
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

// facts names the values of a node if they are among those that are kept fresh;
// else they stand as they are.
func facts(sub stage.SubscriptionSnapshot, all ...live.Fact) []live.Fact {
	number, err := strconv.Atoi(prefix(sub.Stage)[len("part2.c") : len(prefix(sub.Stage))-1])
	fresh := err != nil || number <= mostShown
	text := map[string]uint64{"done": sub.Done, "busy": uint64(sub.Busy), "inbox": uint64(sub.Inbox), "demand": uint64(sub.Credit)}
	for i := range all {
		if fresh {
			all[i].Live = prefix(sub.Stage) + all[i].Live
		} else {
			all[i].Live, all[i].Text = "", live.Count(text[all[i].Live]).Text
		}
	}
	return all
}

func toTaker(sub stage.SubscriptionSnapshot, rate float64) live.FlowEdge {
	e := live.FlowEdge{From: "producer", To: sub.Stage, PerSecond: rate, Colour: "inbox", Depth: float64(sub.Inbox), DepthOf: float64(sub.Max)}
	switch {
	case sub.Prefetch:
		e.Facts = append(facts(sub, live.Fact{Label: "inbox", Live: "inbox", Colour: "inbox"}),
			facts(sub, live.Fact{Label: "demand", Live: "demand", Colour: "demand"})...)
	case sub.Stage == "consumer-supervisor":
		e.Facts = facts(sub, live.Fact{Label: "demand", Live: "demand", Colour: "demand"})
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
		rate += rates[s.Stage]
	}
	count := func(label, colour string, n int) live.Fact {
		return live.Fact{Label: label, Text: live.Count(uint64(n)).Text, Colour: colour}
	}
	f.Nodes = append(f.Nodes, live.FlowNode{ID: "more", Kind: "consumers", Name: fmt.Sprintf("and %d more", len(subs)), Column: 2, Quiet: true, Facts: []live.Fact{
		count("busy", "hand", all.Busy), count("done", "done", int(all.Done)),
	}})
	f.Edges = append(f.Edges,
		live.FlowEdge{From: "producer", To: "more", PerSecond: rate, Colour: "inbox", Depth: float64(all.Inbox), Facts: []live.Fact{
			count("inboxes", "inbox", all.Inbox), count("demand", "demand", all.Credit)}},
		live.FlowEdge{From: "more", To: "mock-resource", PerSecond: rate, Colour: "flight"})
}
