package pipelines

// A picture with more than that could not be read: what is beyond stands together as one
// node, edges beyond are left out.
const (
	mostColumns = 12
	mostInOne   = 10 // nodes in a column
	mostEdges   = 200
)

// folded is a graph that is small enough to be drawn.
type folded struct {
	spots  []*spot
	arrows []*arrow
	hidden []*node // those that stand together
	lost   int     // arrows that are not drawn
}

// spot is a place in the picture: a node's own, or that of several.
type spot struct {
	id     string
	column int
	nodes  []*node
}

// arrow is all edges from one spot to another.
type arrow struct {
	from, to *spot
	edges    []*edge
}

// fold makes a graph small.
func (g *graph) fold() *folded {
	f, at := &folded{}, map[*node]*spot{}
	columns := g.columns()
	if len(columns) > mostColumns {
		f.spread(columns[:mostColumns-1], at)
		f.together("more-columns", mostColumns-1, flat(columns[mostColumns-1:]), at)
	} else {
		f.spread(columns, at)
	}
	f.join(g.edges, at)
	return f
}

// spread gives nodes spots of their own, as far as their column has room.
func (f *folded) spread(columns [][]*node, at map[*node]*spot) {
	for i, column := range columns {
		own := column
		if len(column) > mostInOne {
			own = column[:mostInOne-1]
		}
		for _, n := range own {
			at[n] = f.add(&spot{"at-" + n.name, i, []*node{n}})
		}
		if rest := column[len(own):]; len(rest) > 0 {
			f.together("more-"+own[0].name, i, rest, at)
		}
	}
}

func (f *folded) together(id string, column int, nodes []*node, at map[*node]*spot) {
	s := f.add(&spot{id, column, nodes})
	for _, n := range nodes {
		at[n] = s
	}
	f.hidden = append(f.hidden, nodes...)
}

func (f *folded) add(s *spot) *spot {
	f.spots = append(f.spots, s)
	return s
}

// join gathers the edges between the same spots; those within one are not seen.
func (f *folded) join(edges []*edge, at map[*node]*spot) {
	known := map[[2]*spot]*arrow{}
	for _, e := range edges {
		ends := [2]*spot{at[e.from], at[e.to]}
		if ends[0] == ends[1] {
			continue
		}
		a := known[ends]
		if a == nil {
			a = &arrow{from: ends[0], to: ends[1]}
			known[ends] = a
			f.arrows = append(f.arrows, a)
		}
		a.edges = append(a.edges, e)
	}
	f.lost = max(0, len(f.arrows)-mostEdges)
	f.arrows = f.arrows[:len(f.arrows)-f.lost]
}

func flat(columns [][]*node) (all []*node) {
	for _, c := range columns {
		all = append(all, c...)
	}
	return all
}
