package pipelines

import (
	"cmp"
	"slices"
	"strings"
)

// place gives each node its column, the longest way from a source, and the nodes of a column
// their order: each beside those that it takes from, so that few edges cross.
func (g *graph) place() {
	into := map[*node][]*node{}
	for _, e := range g.edges {
		into[e.to] = append(into[e.to], e.from)
	}
	d := depths{into: into, known: map[*node]int{}}
	for _, n := range g.nodes {
		n.column = d.of(n)
	}
	for i, column := range g.columns() {
		for _, n := range column {
			n.row = meanRow(into[n])
		}
		slices.SortStableFunc(column, func(a, b *node) int {
			return cmp.Or(cmp.Compare(a.row, b.row), byName(a.name, b.name))
		})
		for row, n := range column {
			n.row = float64(row) / float64(len(column))
		}
		g.sortColumn(i, column)
	}
}

// columns are the nodes by column, in the order in which they stand.
func (g *graph) columns() [][]*node {
	var columns [][]*node
	for _, n := range g.nodes {
		for len(columns) <= n.column {
			columns = append(columns, nil)
		}
		columns[n.column] = append(columns[n.column], n)
	}
	return columns
}

// sortColumn puts the nodes of a column into that order among all.
func (g *graph) sortColumn(column int, order []*node) {
	next := 0
	for i, n := range g.nodes {
		if n.column == column {
			g.nodes[i] = order[next]
			next++
		}
	}
}

func meanRow(nodes []*node) float64 {
	if len(nodes) == 0 {
		return 0
	}
	sum := 0.0
	for _, n := range nodes {
		sum += n.row
	}
	return sum / float64(len(nodes))
}

// depths are the longest ways from a source.
type depths struct {
	into  map[*node][]*node
	known map[*node]int // -1: is being found
}

// of goes back to the sources. The library refuses circles; if there seems to be one, since
// a snapshot is not read in one step, the edge that closes it does not count.
func (d depths) of(n *node) int {
	if depth, known := d.known[n]; known {
		return depth
	}
	d.known[n] = -1
	depth := 0
	for _, before := range d.into[n] {
		depth = max(depth, d.of(before)+1)
	}
	d.known[n] = depth
	return depth
}

// byName puts consumer-2 before consumer-10.
func byName(a, b string) int {
	x, y := strings.TrimRight(a, digits), strings.TrimRight(b, digits)
	if x != y {
		return strings.Compare(a, b)
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

const digits = "0123456789"
