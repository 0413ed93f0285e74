package telemetry

import "sort"

// ring keeps the newest rows of numbers, each with its time. It is a plain
// value: no lock, no clock.
//
// Rows are numbered from 0. They lie in chunks, and there column by column, so
// that to read one series touches no other. Chunks are made as rows come, until
// there are enough; from then on the oldest is used again. One chunk more is
// held than the rows to keep would need, so that these are whole while the
// oldest chunk is being written over.
type ring struct {
	width  int // numbers in a row
	keep   int // rows
	rows   int // in a chunk
	chunks []chunk
	next   uint64 // the number of the row that comes next
}

// chunk is a block of rows: row i of column c stands at values[c*rows+i].
type chunk struct {
	at     []int64 // nanoseconds since the Unix epoch, ascending
	values []float64
}

func newRing(width, keep, rows int) ring {
	return ring{width: width, keep: keep, rows: rows}
}

// bound is the number of chunks from which on the oldest is used again.
func (g *ring) bound() int { return (g.keep+g.rows-1)/g.rows + 1 }

// first is the number of the oldest row kept; it is next when there is none.
func (g *ring) first() uint64 { return g.next - min(g.next, uint64(g.keep)) }

// place returns the chunk of a row, and where in it.
func (g *ring) place(row uint64) (*chunk, int) {
	rows := uint64(g.rows)
	return &g.chunks[row/rows%uint64(g.bound())], int(row % rows)
}

// add adds a row, which must be later than the one before.
func (g *ring) add(at int64, row []float64) {
	if g.next%uint64(g.rows) == 0 && len(g.chunks) < g.bound() {
		g.chunks = append(g.chunks, chunk{at: make([]int64, g.rows), values: make([]float64, g.rows*g.width)})
	}
	c, i := g.place(g.next)
	c.at[i] = at
	for column, v := range row {
		c.values[column*g.rows+i] = v
	}
	g.next++
}

// at is the time of a row that is kept.
func (g *ring) at(row uint64) int64 {
	c, i := g.place(row)
	return c.at[i]
}

// value is one number of a row that is kept.
func (g *ring) value(row uint64, column int) float64 {
	c, i := g.place(row)
	return c.values[column*g.rows+i]
}

// search is the number of the oldest kept row at that time or later, or next.
func (g *ring) search(at int64) uint64 {
	first := g.first()
	return first + uint64(sort.Search(int(g.next-first), func(i int) bool {
		return g.at(first+uint64(i)) >= at
	}))
}

// points is how many buckets of that step rows [from, to) fill at most.
func (g *ring) points(from, to uint64, step int64) int {
	if from >= to {
		return 0
	}
	return int(min(to-from, uint64((g.at(to-1)-g.at(from))/step)+2))
}

// run is the part of [from, to) that is kept and lies in one chunk: rows lo to
// hi of it. The run after it begins at next; there is none when next is to.
func (g *ring) run(from, to uint64) (c *chunk, lo, hi int, next uint64) {
	from, to = max(from, g.first()), min(to, g.next)
	if from >= to {
		return nil, 0, 0, to
	}
	c, lo = g.place(from)
	hi = int(min(uint64(g.rows), uint64(lo)+to-from))
	return c, lo, hi, from + uint64(hi-lo)
}

// column is rows lo to hi of one column of a chunk of g.
func (g *ring) column(c *chunk, column, lo, hi int) []float64 {
	return c.values[column*g.rows+lo : column*g.rows+hi]
}

// block is rows copied out of a ring: of them, the columns that were asked for.
type block struct {
	which   []int // columns of the ring
	at      []int64
	columns [][]float64 // as in which
}

// newBlock makes a block with room for that many rows.
func newBlock(which []int, rows int) *block {
	b := &block{which: which, at: make([]int64, 0, rows), columns: make([][]float64, len(which))}
	all := make([]float64, rows*len(which))
	for i := range b.columns {
		b.columns[i] = all[i*rows : i*rows : (i+1)*rows]
	}
	return b
}

// clear empties b and keeps its room.
func (b *block) clear() {
	b.at = b.at[:0]
	for i := range b.columns {
		b.columns[i] = b.columns[i][:0]
	}
}

// copy appends one run of [from, to) to b, and returns where to go on.
func (g *ring) copy(b *block, from, to uint64) (next uint64) {
	c, lo, hi, next := g.run(from, to)
	if c == nil {
		return next
	}
	b.at = append(b.at, c.at[lo:hi]...)
	for i, column := range b.which {
		b.columns[i] = append(b.columns[i], g.column(c, column, lo, hi)...)
	}
	return next
}
