package pipelines

import (
	"fmt"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// painter draws a pipeline's graph.
type painter struct {
	id    string // its own on the page
	href  func(stage string) string
	rates map[place]float64
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
		drawn.Facts = append(drawn.Facts, live.Fact{Label: "busy", Text: crew(n), Colour: "hand"}, count("done", "done", n.done()))
	}
	return drawn
}

// holds tells what an outlet has, each kind of it apart.
func holds(drawn *live.FlowNode, o *stage.OutletSnapshot) {
	drawn.Fill, drawn.Of, drawn.FillColour = float64(o.Buffer+o.Delayed), float64(o.Capacity), "waiting"
	drawn.Facts = append(drawn.Facts,
		count("buffer", "waiting", o.Buffer), count("inboxes", "inbox", o.Inboxes),
		count("in hand", "hand", o.Hands), count("delayed", "answered", o.Delayed),
		live.Fact{Label: "in", Text: live.Rate(o.RateIn).Text}, live.Fact{Label: "out", Text: live.Rate(o.RateOut).Text})
	if o.Pushers > 0 {
		drawn.Facts = append(drawn.Facts, count("pushes that wait", "waiting", o.Pushers))
	}
	if o.Dropped > 0 {
		drawn.Alarm = live.Count(o.Dropped).Text + " dropped"
	}
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
	var inbox, credit, most int
	ahead := false
	for _, e := range a.edges {
		drawn.PerSecond += p.rate(e)
		if e.sub == nil {
			continue
		}
		drawn.Colour = "inbox"
		inbox, credit, most = inbox+e.sub.Inbox, credit+e.sub.Credit, most+e.sub.Max
		ahead = ahead || e.sub.Prefetch
	}
	if ahead {
		drawn.Depth, drawn.DepthOf = float64(inbox), float64(most)
		drawn.Facts = append(drawn.Facts, count("inbox", "inbox", inbox))
	}
	if ahead || credit > 0 {
		drawn.Facts = append(drawn.Facts, count("demand", "demand", credit))
	}
	return drawn
}

// rate is how many events a second pass an edge. What feeds an outlet is only known of all
// its feeders together: each is drawn with the same share.
func (p *painter) rate(e *edge) float64 {
	if e.sub != nil {
		return p.rates[place{e.from.name, e.sub.Stage}]
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
