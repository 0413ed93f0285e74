package live

import (
	"fmt"
	"slices"
	"strings"
)

// flowLayout places a flow.
type flowLayout struct {
	id       string // of the flow
	columns  []int  // as nodes name them, in order
	stages   []flowStage
	places   map[string]where
	segments [][]flowSegment // by gutter
}

// where is a node's place.
type where struct{ column, row int }

// segment of an edge: between a column and the next.
type flowSegment struct {
	link        flowLink
	left, right int // rows
	back        bool
	last        bool // the edge ends or begins here: its facts are told here
}

// arrange lays a flow out.
func arrange(f Flow) (flowPicture, error) {
	l := flowLayout{id: f.ID, places: map[string]where{}}
	if err := l.seat(f.Nodes); err != nil {
		return flowPicture{}, err
	}
	p := flowPicture{Flow: f}
	if p.Each <= 0 {
		p.Each = eachOf(f.Edges)
	}
	for _, e := range f.Edges {
		from, okFrom := l.places[e.From]
		to, okTo := l.places[e.To]
		if !okFrom || !okTo {
			return p, fmt.Errorf("flow: the edge from %q to %q lacks a node", e.From, e.To)
		}
		link := l.link(e, from, to)
		p.Links = append(p.Links, link)
		l.route(link, from, to)
	}
	for i := range l.segments {
		l.gutter(i)
		l.rails(i)
	}
	p.Stages = l.stages
	return p, nil
}

// own is an element's name among those of all flows of a page.
func (l *flowLayout) own(name string) string {
	if l.id == "" {
		return name
	}
	return l.id + "-" + name
}

// seat gives each node a row in its column.
func (l *flowLayout) seat(nodes []FlowNode) error {
	for _, n := range nodes {
		if !slices.Contains(l.columns, n.Column) {
			l.columns = append(l.columns, n.Column)
		}
	}
	slices.Sort(l.columns)
	l.stages = make([]flowStage, len(l.columns))
	l.segments = make([][]flowSegment, max(0, len(l.columns)-1))
	for _, n := range nodes {
		if _, taken := l.places[n.ID]; taken {
			return fmt.Errorf("flow: two nodes are called %q", n.ID)
		}
		column := slices.Index(l.columns, n.Column)
		l.places[n.ID] = where{column, len(l.stages[column].Seats)}
		if echoes(n.Name, n.Kind) {
			n.Kind = ""
		}
		l.stages[column].Seats = append(l.stages[column].Seats, flowSeat{FlowNode: n})
	}
	return nil
}

// echoes tells whether a name says its kind already.
func echoes(name, kind string) bool {
	same := strings.NewReplacer("-", " ", "_", " ")
	return strings.Contains(strings.ToLower(same.Replace(name)), strings.ToLower(same.Replace(kind)))
}

func (l *flowLayout) link(e FlowEdge, from, to where) flowLink {
	e.PerSecond = rate(e.PerSecond)
	link := flowLink{
		FlowEdge: e, Key: l.own(e.From + "--" + e.To),
		Source: l.stages[from.column].Seats[from.row].Name, Target: l.stages[to.column].Seats[to.row].Name,
	}
	for _, f := range e.Facts {
		if f.Colour == "demand" {
			link.Demand = append(link.Demand, f)
		} else {
			link.Facts = append(link.Facts, f)
		}
	}
	return link
}

// route cuts an edge into segments. In a column that it passes it takes a seat.
func (l *flowLayout) route(link flowLink, from, to where) {
	a, b, back := from, to, false
	if a.column > b.column {
		a, b, back = to, from, true
	}
	row := a.row
	for c := a.column; c < b.column; c++ {
		next := b.row
		if c+1 < b.column {
			next = len(l.stages[c+1].Seats)
			l.stages[c+1].Seats = append(l.stages[c+1].Seats, flowSeat{Pass: &flowPath{
				ID: fmt.Sprintf("%s-by-%d", link.Key, c+1), D: way(back, 0, 50, 100, 50), Rate: link.PerSecond, Colour: link.Colour,
			}})
		}
		l.segments[c] = append(l.segments[c], flowSegment{link, row, next, back, c+1 == b.column})
		row = next
	}
}
