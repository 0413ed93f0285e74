package live

import (
	"fmt"
	"strconv"
)

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

// Moves is the path's rate as scripts read it.
func (p flowPath) Moves() string { return bare(p.Rate) }

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
