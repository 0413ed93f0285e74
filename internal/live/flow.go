package live

import "math"

// Flow is what the "flow" component draws: work on its way from node to node.
type Flow struct {
	ID    string // its own on a page with several flows; empty: there is one
	Label string // the picture in one sentence, for those who do not see it
	Nodes []FlowNode
	Edges []FlowEdge
	Each  int // a dot stands for so many events; 0: as few of 1, 10, 100, ... as keep the dots apart

	// Scrolls keeps it side by side in little room too, where it scrolls. Below each
	// other one trunk leads from column to column, which is enough for a chain with one
	// fan; it does not tell which of many leads where.
	Scrolls bool
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
