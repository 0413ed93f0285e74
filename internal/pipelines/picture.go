package pipelines

import (
	"fmt"
	"slices"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// painter draws a pipeline's graph.
type painter struct {
	id   string // its own on the page
	href func(stage string) string
	seen look
}

// draw makes the picture of a graph.
func (p *painter) draw(f *folded, label string) live.Flow {
	flow := live.Flow{ID: p.id, Label: label, Scrolls: true}
	for _, s := range f.spots {
		flow.Nodes = append(flow.Nodes, p.station(s))
	}
	for _, a := range f.arrows {
		flow.Edges = append(flow.Edges, p.arrow(a))
	}
	return flow
}

func (p *painter) station(s *spot) live.FlowNode {
	if len(s.nodes) > 1 {
		return several(s)
	}
	n := s.nodes[0]
	state := stateOf(n)
	drawn := live.FlowNode{ID: s.id, Kind: kindOf(n), Name: n.name, Href: p.href(n.name), State: state.word, Colour: state.colour, Column: s.column}
	if n.outlet != nil {
		holds(&drawn, n.outlet)
	}
	if n.works() {
		drawn.Facts = append(drawn.Facts, works(n)...)
	}
	if n.stage != nil {
		drawn.Facts = append(drawn.Facts, own(n.stage)...)
	}
	return drawn
}

// works tells what a stage does with what it takes.
func works(n *node) []live.Fact {
	facts := []live.Fact{{Label: "busy", Text: crew(n), Colour: "hand"}}
	if held, limited := n.held(); limited {
		facts = append(facts, count("held", "waiting", held))
	}
	facts = append(facts, count("done", "done", n.done()))
	if failed := n.failed(); failed > 0 {
		facts = append(facts, count("failed", "failed", failed))
	}
	return facts
}

// own tells what only a stage of that kind has: of a batcher what it gathers, of a producer
// how its source fails.
func own(s *stage.StageSnapshot) (facts []live.Fact) {
	if s.Kind == "batcher" {
		facts = append(facts, count("gathered", "waiting", s.Gathered), live.Fact{Label: "batches", Text: whole(s.Batches)})
	}
	if s.Failures > 0 {
		facts = append(facts, count("failures in a row", "failed", s.Failures))
	}
	if s.Retry > 0 {
		facts = append(facts, live.Fact{Label: "again in", Text: again(s)})
	}
	return facts
}

// holds tells what an outlet has, each kind of it apart. What this one cannot have is left
// out.
func holds(drawn *live.FlowNode, o *stage.OutletSnapshot) {
	drawn.Fill, drawn.Of, drawn.FillColour = float64(o.Buffer+o.Delayed), float64(o.Capacity), "waiting"
	facts := []live.Fact{{Label: "buffer", Text: outOf(o.Buffer, o.Capacity), Colour: "waiting"}}
	if o.Buffer > 0 {
		facts = append(facts, live.Fact{Label: "oldest", Text: oldest(o)})
	}
	if o.Partitions > 0 {
		facts = append(facts, count("blocked", "waiting", o.Blocked), live.Fact{Label: "partitions", Text: whole(o.Partitions)})
	}
	if o.Inboxes > 0 || dealsOut(o) {
		facts = append(facts, count("inboxes", "inbox", o.Inboxes))
	}
	facts = append(facts, count("in hand", "hand", o.Hands))
	if o.Delayed > 0 || o.Retried > 0 {
		facts = append(facts, count("delayed", "answered", o.Delayed))
	}
	if asked(drawn.Kind, o) {
		facts = append(facts, count("wanted", "demand", o.Want))
	}
	if o.Pushers > 0 {
		facts = append(facts, count("pushes that wait", "waiting", o.Pushers))
	}
	if o.Rejected > 0 {
		facts = append(facts, count("refused", "rejected", o.Rejected))
	}
	drawn.Facts = append(append(drawn.Facts, facts...), live.Fact{Label: "in, out", Text: live.Rate(o.RateIn).Text + ", " + live.Rate(o.RateOut).Text})
	if o.Dropped > 0 {
		drawn.Alarm = live.Count(o.Dropped).Text + " dropped"
	}
}

// asked tells whether an outlet asks for what it is to get. One that is fed from outside
// takes what comes.
func asked(kind string, o *stage.OutletSnapshot) bool { return len(o.FedBy) > 0 || kind == "producer" }

// dealsOut tells whether anybody has an inbox for what an outlet has.
func dealsOut(o *stage.OutletSnapshot) bool {
	return slices.ContainsFunc(o.Subscriptions, func(s stage.SubscriptionSnapshot) bool { return s.Prefetch })
}

// several is one node for all that have no room of their own.
func several(s *spot) live.FlowNode {
	var busy, wanted, waits, troubled int
	for _, n := range s.nodes {
		busy += n.busy()
		if n.stage != nil {
			wanted += n.stage.Target
		}
		if n.outlet != nil {
			waits += n.outlet.InSystem()
		}
		if stateOf(n).trouble {
			troubled++
		}
	}
	drawn := live.FlowNode{ID: s.id, Kind: kindsOf(s.nodes), Name: "and " + live.Count(uint64(len(s.nodes))).Text + " more", Column: s.column, Quiet: true, Facts: []live.Fact{
		{Label: "busy", Text: outOf(busy, wanted), Colour: "hand"}, count("in their outlets", "waiting", waits),
	}}
	if troubled > 0 {
		drawn.Alarm = fmt.Sprintf("%d failed", troubled)
	}
	return drawn
}

// arrow adds up its edges. What was dealt out and not begun lies on it; the demand that is
// not served goes against it.
func (p *painter) arrow(a *arrow) live.FlowEdge {
	drawn := live.FlowEdge{From: a.from.id, To: a.to.id, Colour: "answered"}
	var sum total
	for _, e := range a.edges {
		drawn.PerSecond += p.rate(e)
		if e.sub != nil {
			drawn.Colour = "inbox"
			sum.add(e.sub)
		}
	}
	if sum.ahead {
		drawn.Depth, drawn.DepthOf = float64(sum.inbox), float64(sum.most)
	}
	drawn.Facts = sum.facts()
	return drawn
}

// total is what subscriptions have together.
type total struct {
	subs, inbox, credit, most int
	limited                   int
	rate                      float64
	ahead, manual             bool
}

func (t *total) add(s *stage.SubscriptionSnapshot) {
	t.subs++
	t.inbox, t.credit, t.rate = t.inbox+s.Inbox, t.credit+s.Credit, t.rate+s.Rate
	t.ahead, t.manual = t.ahead || s.Prefetch, t.manual || s.Manual
	if s.Manual { // its bound is none
		t.most += s.Inbox + s.Credit
	} else {
		t.most += s.Max
	}
	if s.Rate > 0 {
		t.limited++
	}
}

// facts are what is told on an arrow. A bound on the rate is one of all only if each has one.
func (t *total) facts() (facts []live.Fact) {
	if t.ahead {
		facts = append(facts, count("inbox", "inbox", t.inbox))
	}
	if t.limited > 0 && t.limited == t.subs {
		facts = append(facts, live.Fact{Label: "at most", Text: live.Rate(t.rate).Text})
	}
	if t.ahead || t.credit > 0 {
		word := "demand"
		if t.manual {
			word = "by hand"
		}
		facts = append(facts, count(word, "demand", t.credit))
	}
	return facts
}

// rate is how many events a second pass an edge. What feeds an outlet is only known of all
// its feeders together: each is drawn with the same share.
func (p *painter) rate(e *edge) float64 {
	if e.sub != nil {
		return p.seen.rates[place{e.from.name, e.sub.Stage}]
	}
	return e.to.outlet.RateIn / float64(max(1, len(e.to.outlet.FedBy)))
}

func count[N int | uint64](label, colour string, n N) live.Fact {
	return live.Fact{Label: label, Text: live.Count(uint64(n)).Text, Colour: colour}
}

// crew is how many workers of those that are wanted have something in hand.
func crew(n *node) string {
	if n.stage == nil {
		return live.Count(uint64(n.busy())).Text
	}
	return outOf(n.busy(), n.stage.Target)
}

func outOf(n, of int) string {
	return live.Count(uint64(n)).Text + " of " + live.Count(uint64(of)).Text
}
