package live

import "fmt"

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
