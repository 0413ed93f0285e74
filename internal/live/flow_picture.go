package live

import "strconv"

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

// Moves is the edge's rate as scripts read it.
func (l flowLink) Moves() string { return bare(l.PerSecond) }

// bare writes three digits that matter, and no commas.
func bare(f float64) string { return strconv.FormatFloat(rounded(f), 'f', -1, 64) }

// Share is how full a node is, in percent.
func (s flowSeat) Share() float64 { return round2(100 * min(1, max(0, s.Fill/s.Of))) }
