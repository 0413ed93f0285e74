package pipelines

import (
	"cmp"
	"slices"
)

// table says the same as the picture, and more, in numbers.
type table struct {
	Title   string
	Note    string // what its numbers mean
	Columns []head
	Rows    []row
	Hidden  int    // rows that are not shown
	Empty   string // what is said if there is none
}

// head is what stands over a column.
type head struct {
	Head   string
	Help   string // what the word means; empty: it needs no words
	Number bool
}

// row is a line about a stage or an outlet, by its name.
type row struct {
	Name, Href string
	Cells      []cell
}

type cell struct {
	Text   string
	Number bool
	Soft   bool // nothing, or none of it: what is not so stands out
}

// mostRows is how many rows a table has, and longestError how many letters of an error.
const (
	mostRows     = 60
	longestError = 200
)

// nothing stands where there is nothing to say.
const nothing = "–"

// none is how numbers say that there is none.
var none = []string{"0", "0/s", "0 %", "0 s"}

// column says one thing of each row.
type column[T any] struct {
	head
	seldom bool // left out where no row has anything to say
	cell   func(*T) string
}

// word is a column of words, number one of numbers.
func word[T any](name, help string, cell func(*T) string) column[T] {
	return column[T]{head: head{Head: name, Help: help}, cell: cell}
}

func number[T any](name, help string, cell func(*T) string) column[T] {
	return column[T]{head: head{Head: name, Help: help, Number: true}, cell: cell}
}

// seldom is a column for what few pipelines have.
func seldom[T any](c column[T]) column[T] {
	c.seldom = true
	return c
}

// subject is what a table has a row of.
type subject[T any] struct {
	all     []T
	name    func(*T) string
	trouble func(*T) bool
	columns []column[T]
}

// fill makes the rows of a table. Of a list that is too long what is in trouble stands first.
func (s subject[T]) fill(t table, first string, href func(string) string) table {
	shown := s.order()
	t.Hidden = len(s.all) - len(shown)
	t.Columns = []head{{Head: first}}
	for _, x := range shown {
		name := s.name(x)
		t.Rows = append(t.Rows, row{Name: name, Href: href(name)})
	}
	for _, c := range s.columns {
		t.add(c.head, c.cells(shown))
	}
	return t
}

// order is what is shown.
func (s subject[T]) order() []*T {
	order := make([]*T, len(s.all))
	for i := range s.all {
		order[i] = &s.all[i]
	}
	urgent := func(x *T) bool { return len(s.all) > mostRows && s.trouble(x) }
	slices.SortStableFunc(order, func(a, b *T) int {
		return cmp.Or(before(urgent(a), urgent(b)), byName(s.name(a), s.name(b)))
	})
	return order[:min(len(order), mostRows)]
}

// cells are those of a column; none: it is left out.
func (c column[T]) cells(rows []*T) []string {
	said := !c.seldom
	texts := make([]string, len(rows))
	for i, x := range rows {
		texts[i] = c.cell(x)
		said = said || texts[i] != nothing
	}
	if !said {
		return nil
	}
	return texts
}

func (t *table) add(h head, cells []string) {
	if cells == nil {
		return
	}
	t.Columns = append(t.Columns, h)
	for i, text := range cells {
		t.Rows[i].Cells = append(t.Rows[i].Cells, cell{text, h.Number, text == nothing || h.Number && slices.Contains(none, text)})
	}
}

// before puts the one that is so before one that is not.
func before(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}
