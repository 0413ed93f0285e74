package pipelines

import "github.com/affluxlab/afflux/stage"

// graph is a pipeline as it is drawn. Whatever has one name is one node: a queue and the
// stage that serves it, a transform and the outlet of what it makes.
type graph struct {
	of    *stage.Snapshot
	nodes []*node
	edges []*edge
	named map[string]*node
	feeds map[*node][]*stage.OutletSnapshot // those that a stage feeds, its own included
}

// node is a stage, an outlet, or both.
type node struct {
	name   string
	outlet *stage.OutletSnapshot         // nil: it hands nothing out
	stage  *stage.StageSnapshot          // nil: no stage serves it, or it has left meanwhile
	takes  []*stage.SubscriptionSnapshot // its part in the outlets that it takes from

	column int
	row    float64 // where it would like to be in its column
}

// edge leads from an outlet to a stage that takes from it, or from a stage to an outlet
// that it feeds.
type edge struct {
	from, to *node
	sub      *stage.SubscriptionSnapshot // nil: it feeds
}

// newGraph reads a snapshot. Stages and outlets are read one after the other, so that a name
// may lead to none of them: it is drawn as a node of which nothing else is known.
func newGraph(s *stage.Snapshot) *graph {
	g := &graph{of: s, named: map[string]*node{}, feeds: map[*node][]*stage.OutletSnapshot{}}
	for i := range s.Stages {
		g.node(s.Stages[i].Name).stage = &s.Stages[i]
	}
	for i := range s.Outlets {
		g.node(s.Outlets[i].Name).outlet = &s.Outlets[i]
	}
	for i := range s.Outlets {
		g.join(&s.Outlets[i])
	}
	g.place()
	return g
}

// node is the one of that name.
func (g *graph) node(name string) *node {
	n := g.named[name]
	if n == nil {
		n = &node{name: name}
		g.named[name] = n
		g.nodes = append(g.nodes, n)
	}
	return n
}

// join draws the edges of an outlet. One that is fed by the stage of its own name is that
// stage.
func (g *graph) join(o *stage.OutletSnapshot) {
	n := g.named[o.Name]
	for _, name := range o.FedBy {
		from := g.node(name)
		g.feeds[from] = append(g.feeds[from], o)
		if from != n {
			g.edges = append(g.edges, &edge{from: from, to: n})
		}
	}
	for i := range o.Subscriptions {
		sub := &o.Subscriptions[i]
		taker := g.node(sub.Stage)
		taker.takes = append(taker.takes, sub)
		if taker != n {
			g.edges = append(g.edges, &edge{from: n, to: taker, sub: sub})
		}
	}
}

// busy is how many of its workers have something in hand.
func (n *node) busy() int {
	busy := 0
	for _, sub := range n.takes {
		busy += sub.Busy
	}
	return busy
}

// held is how many of its workers wait until a rate lets them begin, if there is one.
func (n *node) held() (held int, limited bool) {
	for _, sub := range n.takes {
		held, limited = held+sub.Held, limited || sub.Rate > 0
	}
	return held, limited
}

// failed is how many of its events were given up.
func (n *node) failed() uint64 {
	var failed uint64
	for _, sub := range n.takes {
		failed += sub.Failed
	}
	return failed
}

// done is how many events it has finished.
func (n *node) done() uint64 {
	var done uint64
	for _, sub := range n.takes {
		done += sub.Done
	}
	return done
}

// works tells whether it has workers, or could have.
func (n *node) works() bool {
	return len(n.takes) > 0 || n.stage != nil && n.stage.Target > 0
}
