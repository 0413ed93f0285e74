package live

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Flow is what the "flow" component draws: work on its way from node to node.
type Flow struct {
	Label string // the picture in one sentence, for those who do not see it
	Nodes []FlowNode
	Edges []FlowEdge
	Each  int // a dot stands for so many events; 0: as few of 1, 10, 100, ... as keep the dots apart
}

// FlowNode is where work is held or done. Its ID is its own on the page.
type FlowNode struct {
	ID, Kind, Name string
	Href           string // where its name leads; empty: nowhere
	State, Colour  string // a badge and its meaning; empty: none
	Column         int    // 0 is leftmost
	Facts          []Fact
	Fill, Of       float64 // how full it is: a meter if Of > 0
	FillColour     string
	Quiet          bool   // stands for several, or idles: drawn softer
	Alarm          string // drawn red, such as "2,000 dropped"; empty: none
}

// Fact is a few words or a number with what it is.
type Fact struct {
	Label  string
	Live   string // name of a value that is kept fresh; empty: Text stands
	Text   string
	Colour string // its meaning; on an edge "demand" draws a line against the flow
}

// FlowEdge leads from one column to another; one that does not is only in the table.
type FlowEdge struct {
	From, To       string // IDs of nodes
	Facts          []Fact
	PerSecond      float64 // events that pass
	Depth, DepthOf float64 // how much waits on it: drawn as thickness
	Colour         string
}

// mostDots is how many dots a second an edge shows at most, where the choice is ours.
const mostDots = 6.5

// flowPicture is what the template draws. All places are in percent of a box, so that
// the picture is right in any size: nodes share the height of their column evenly, and
// what lies between two columns has the height of both.
//
// Side by side, edges run through the gutters between columns. Below each other, in
// little room, those of a column are gathered on rails beside it, and one trunk leads
// from column to column.
type flowPicture struct {
	Flow
	Stages []flowStage
	Links  []flowLink
}

// flowStage is a column, with the gutter that follows it.
type flowStage struct {
	Seats   []flowSeat
	In, Out []flowPath // rails
	Gutter  *flowGutter
}

// flowSeat is the place of a node, or of an edge that passes by a column.
type flowSeat struct {
	FlowNode
	Pass    *flowPath
	In, Out []flowLink // edges whose facts are told here if there is little room
}

// flowGutter is between two columns. Each edge has a lane of its own at the column with
// more nodes, where its facts are told.
type flowGutter struct {
	Left  bool // lanes are at the left column
	Told  bool // there are facts
	Lanes [][]flowLink
	Paths []flowPath
	Trunk *flowPath
}

// flowLink is an edge as it is told.
type flowLink struct {
	FlowEdge
	Key            string
	Source, Target string // names
	Facts, Demand  []Fact
}

// flowPath is an edge, or a part of one, as it is drawn.
type flowPath struct {
	ID     string
	D      string
	Back   string // the same way back; empty: no demand is shown
	Rate   float64
	Colour string
	Width  float64 // of what waits, in px; 0: nothing
	// Where it ends and begins, in percent of the gutter.
	EndX, EndY, StartX, StartY float64
}

// where is a node's place.
type where struct{ column, row int }

// segment of an edge: between a column and the next.
type flowSegment struct {
	link        flowLink
	left, right int // rows
	back        bool
	first, last bool
}

// flowLayout places a flow.
type flowLayout struct {
	columns  []int // as nodes name them, in order
	stages   []flowStage
	places   map[string]where
	segments [][]flowSegment // by gutter
}

// arrange lays a flow out.
func arrange(f Flow) (flowPicture, error) {
	l := flowLayout{places: map[string]where{}}
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

// eachOf is the smallest power of ten with which no edge shows too many dots.
func eachOf(edges []FlowEdge) int {
	most := 0.0
	for _, e := range edges {
		most = max(most, rate(e.PerSecond))
	}
	each := 1
	for most/float64(each) > mostDots && each < 1e12 {
		each *= 10
	}
	return each
}

func rate(r float64) float64 {
	if math.IsNaN(r) || math.IsInf(r, 0) || r < 0 {
		return 0
	}
	return r
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
		FlowEdge: e, Key: e.From + "--" + e.To,
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
		l.segments[c] = append(l.segments[c], flowSegment{link, row, next, back, c == a.column, c+1 == b.column})
		row = next
	}
}

// gutter draws the segments between column i and the next. An edge's facts are told once.
func (l *flowLayout) gutter(i int) {
	left, right := l.stages[i].Seats, l.stages[i+1].Seats
	g := &flowGutter{Left: len(left) > len(right)}
	lanes := right
	if g.Left {
		lanes = left
	}
	g.Lanes = make([][]flowLink, len(lanes))
	laneOf := func(s flowSegment) int {
		if g.Left {
			return s.left
		}
		return s.right
	}
	for _, s := range l.segments[i] {
		told := s.link
		if !s.last {
			told.Facts, told.Demand = nil, nil
		}
		g.Told = g.Told || len(told.Facts)+len(told.Demand) > 0
		n := laneOf(s)
		g.Lanes[n] = append(g.Lanes[n], told)
	}
	taken := make([]int, len(lanes))
	for _, s := range l.segments[i] {
		n := laneOf(s)
		taken[n]++
		y := (float64(n) + (float64(taken[n])-0.5)/float64(len(g.Lanes[n]))) / float64(len(lanes)) * 100
		g.Paths = append(g.Paths, g.path(i, s, y, middle(s.left, len(left)), middle(s.right, len(right))))
	}
	l.stages[i].Gutter = g
}

// middle is where a row's middle is.
func middle(row, rows int) float64 { return (float64(row) + 0.5) / float64(rows) * 100 }

// path leads through a gutter: a bend at the column with fewer nodes, then straight
// along the lane at y.
func (g *flowGutter) path(i int, s flowSegment, y, left, right float64) flowPath {
	p := flowPath{ID: fmt.Sprintf("%s-%d", s.link.Key, i), Rate: s.link.PerSecond, Colour: s.link.Colour, Width: thickness(s.link.FlowEdge)}
	points := []float64{0, left, 17, left, 12, y, 29, y, 100, y}
	switch {
	case g.Left && g.Told:
		points = []float64{0, y, 71, y, 88, y, 83, right, 100, right}
	case g.Left:
		points = []float64{0, y, 10, y, 60, y, 50, right, 100, right}
	case !g.Told:
		points = []float64{0, left, 50, left, 40, y, 90, y, 100, y}
	}
	p.D = bend(g.Left, s.back, points)
	if len(s.link.Demand) > 0 {
		p.Back = bend(g.Left, !s.back, points)
	}
	p.StartY, p.EndX, p.EndY = round2(points[1]), 100, round2(points[9])
	if s.back {
		p.StartX, p.StartY, p.EndX, p.EndY = p.EndX, p.EndY, p.StartX, p.StartY
	}
	return p
}

// bend writes five points as a curve over four of them and a straight line to or from
// the other one; it can be written backwards.
func bend(lineFirst, backwards bool, p []float64) string {
	if backwards {
		p = []float64{p[8], p[9], p[6], p[7], p[4], p[5], p[2], p[3], p[0], p[1]}
	}
	if lineFirst != backwards {
		return fmt.Sprintf("M%s L%s C%s %s %s", at(p, 0), at(p, 1), at(p, 2), at(p, 3), at(p, 4))
	}
	return fmt.Sprintf("M%s C%s %s %s L%s", at(p, 0), at(p, 1), at(p, 2), at(p, 3), at(p, 4))
}

func at(p []float64, i int) string { return plainNumber(p[2*i]) + " " + plainNumber(p[2*i+1]) }

func plainNumber(f float64) string { return strconv.FormatFloat(round2(f), 'f', -1, 64) }

// way is a straight line.
func way(backwards bool, x1, y1, x2, y2 float64) string {
	if backwards {
		x1, y1, x2, y2 = x2, y2, x1, y1
	}
	return fmt.Sprintf("M%s %s L%s %s", plainNumber(x1), plainNumber(y1), plainNumber(x2), plainNumber(y2))
}

const (
	thinnest = 3.0 // px, of an edge on which little waits
	thickest = 12.0
)

func thickness(e FlowEdge) float64 {
	if !(e.Depth > 0) {
		return 0
	}
	return round2(thinnest + (thickest-thinnest)*min(1, e.Depth/max(e.DepthOf, e.Depth)))
}

// The rails of a column with several nodes are this far from the picture's sides, in
// percent; they are twice as wide. flow.css knows it too.
const rail = 4.0

// rails draws what is between column i and the next for little room, and tells the
// nodes at the lanes what to say.
func (l *flowLayout) rails(i int) {
	left, right, g := &l.stages[i], &l.stages[i+1], l.stages[i].Gutter
	segments := l.segments[i]
	if len(segments) == 0 {
		return
	}
	from, to := 50.0, 50.0
	if len(left.Seats) > 1 {
		from = 100 - rail
		left.Out = branches(fmt.Sprintf("out-%d", i), segments, len(left.Seats), true)
	}
	if len(right.Seats) > 1 {
		to = rail
		right.In = branches(fmt.Sprintf("in-%d", i), segments, len(right.Seats), false)
	}
	g.Trunk = &flowPath{ID: fmt.Sprintf("trunk-%d", i), Colour: segments[0].link.Colour,
		D: fmt.Sprintf("M%s 0 C%s 60 %s 40 %s 100", plainNumber(from), plainNumber(from), plainNumber(to), plainNumber(to))}
	for _, s := range segments {
		g.Trunk.Rate += s.link.PerSecond
		if !s.last {
			continue
		}
		if g.Left {
			left.Seats[s.left].Out = append(left.Seats[s.left].Out, s.link)
		} else {
			right.Seats[s.right].In = append(right.Seats[s.right].In, s.link)
		}
	}
}

// branches draws a rail along rows, with what passes on each of its pieces, and a way
// between it and each row that has an edge.
func branches(id string, segments []flowSegment, rows int, out bool) []flowPath {
	rates, links := make([]float64, rows), make([]*flowLink, rows)
	for _, s := range segments {
		row := s.right
		if out {
			row = s.left
		}
		rates[row] += s.link.PerSecond
		if links[row] == nil {
			links[row] = &s.link
		}
	}
	var paths []flowPath
	for row, link := range links {
		if link == nil {
			continue
		}
		y := middle(row, rows)
		before, after := 0.0, 100.0
		passes := 0.0 // on the piece of the rail that touches this row
		if out {
			if next := slices.IndexFunc(links[row+1:], func(l *flowLink) bool { return l != nil }); next >= 0 {
				after = middle(row+1+next, rows)
			}
			for _, r := range rates[:row+1] {
				passes += r
			}
			paths = append(paths, flowPath{ID: fmt.Sprintf("%s-branch-%d", id, row), D: way(false, 0, y, 50, y), Rate: rates[row], Colour: link.Colour},
				flowPath{ID: fmt.Sprintf("%s-rail-%d", id, row), D: way(false, 50, y, 50, after), Rate: passes, Colour: link.Colour})
			continue
		}
		for earlier := row - 1; earlier >= 0; earlier-- {
			if links[earlier] != nil {
				before = middle(earlier, rows)
				break
			}
		}
		for _, r := range rates[row:] {
			passes += r
		}
		paths = append(paths, flowPath{ID: fmt.Sprintf("%s-rail-%d", id, row), D: way(false, 50, before, 50, y), Rate: passes, Colour: link.Colour},
			flowPath{ID: fmt.Sprintf("%s-branch-%d", id, row), D: way(false, 50, y, 100, y), Rate: rates[row], Colour: link.Colour, Width: thickness(link.FlowEdge)})
	}
	return paths
}

// Moves is the path's rate as scripts read it.
func (p flowPath) Moves() string { return bare(p.Rate) }

// Moves is the edge's rate as scripts read it.
func (l flowLink) Moves() string { return bare(l.PerSecond) }

// bare writes three digits that matter, and no commas.
func bare(f float64) string { return strconv.FormatFloat(rounded(f), 'f', -1, 64) }

// Share is how full a node is, in percent.
func (s flowSeat) Share() float64 { return round2(100 * min(1, max(0, s.Fill/s.Of))) }
