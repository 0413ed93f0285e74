package live

import "fmt"

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
		left.Out = railOut(l.own(fmt.Sprintf("out-%d", i)), tapsOf(segments, len(left.Seats), func(s flowSegment) int { return s.left }))
	}
	if len(right.Seats) > 1 {
		to = rail
		right.In = railIn(l.own(fmt.Sprintf("in-%d", i)), tapsOf(segments, len(right.Seats), func(s flowSegment) int { return s.right }))
	}
	g.Trunk = &flowPath{ID: l.own(fmt.Sprintf("trunk-%d", i)), Colour: segments[0].link.Colour,
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

// flowTap is where a row that has edges meets its rail.
type flowTap struct {
	row     int
	y, rate float64
	link    flowLink // its first edge
}

// tapsOf are those of a column with so many rows, from the top.
func tapsOf(segments []flowSegment, rows int, rowOf func(flowSegment) int) []flowTap {
	var taps []flowTap
	for row := range rows {
		tap := flowTap{row: row, y: middle(row, rows)}
		edges := 0
		for _, s := range segments {
			if rowOf(s) != row {
				continue
			}
			if edges++; edges == 1 {
				tap.link = s.link
			}
			tap.rate += s.link.PerSecond
		}
		if edges > 0 {
			taps = append(taps, tap)
		}
	}
	return taps
}

// railIn comes from above: each of its pieces carries what branches off from there on.
func railIn(id string, taps []flowTap) []flowPath {
	var paths []flowPath
	from := 0.0
	for i, t := range taps {
		branch := t.path(id, "branch", way(false, 50, t.y, 100, t.y), t.rate)
		branch.Width = thickness(t.link.FlowEdge)
		paths = append(paths, t.path(id, "rail", way(false, 50, from, 50, t.y), passing(taps[i:])), branch)
		from = t.y
	}
	return paths
}

// railOut goes on below: each of its pieces carries what has joined it so far.
func railOut(id string, taps []flowTap) []flowPath {
	var paths []flowPath
	for i, t := range taps {
		to := 100.0
		if i+1 < len(taps) {
			to = taps[i+1].y
		}
		paths = append(paths, t.path(id, "branch", way(false, 0, t.y, 50, t.y), t.rate),
			t.path(id, "rail", way(false, 50, t.y, 50, to), passing(taps[:i+1])))
	}
	return paths
}

func (t flowTap) path(id, what, d string, rate float64) flowPath {
	return flowPath{ID: fmt.Sprintf("%s-%s-%d", id, what, t.row), D: d, Rate: rate, Colour: t.link.Colour}
}

func passing(taps []flowTap) float64 {
	sum := 0.0
	for _, t := range taps {
		sum += t.rate
	}
	return sum
}
