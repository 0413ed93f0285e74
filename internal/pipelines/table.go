package pipelines

import (
	"cmp"
	"slices"

	"github.com/affluxlab/afflux/internal/live"
)

// table says the same as the picture, and more, in numbers.
type table struct {
	Title   string
	Note    string // what its numbers mean
	Columns []live.Column
	Rows    []row
	Hidden  int    // rows that are not shown
	Empty   string // what is said if there is none
}

// row is a line about a stage or an outlet, by its name.
type row struct {
	Name, Href string
	Cells      []cell
}

type cell struct {
	Text   string
	Number bool
}

// mostRows is how many rows a table has, and longestError how many letters of an error.
const (
	mostRows     = 60
	longestError = 200
)

// subject is what a table has a row of.
type subject[T any] struct {
	all     []T
	name    func(*T) string
	trouble func(*T) bool
	cells   func(*T) []string
}

// fill makes the rows of a table. Of a list that is too long what is in trouble stands first.
func (s subject[T]) fill(t table, href func(string) string) table {
	order := make([]*T, len(s.all))
	for i := range s.all {
		order[i] = &s.all[i]
	}
	urgent := func(x *T) bool { return len(s.all) > mostRows && s.trouble(x) }
	slices.SortStableFunc(order, func(a, b *T) int {
		return cmp.Or(first(urgent(a), urgent(b)), byName(s.name(a), s.name(b)))
	})
	t.Hidden = max(0, len(order)-mostRows)
	for _, x := range order[:len(order)-t.Hidden] {
		name := s.name(x)
		r := row{Name: name, Href: href(name)}
		for i, text := range s.cells(x) {
			r.Cells = append(r.Cells, cell{text, t.Columns[i+1].Number})
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// first puts the one that is so before one that is not.
func first(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

func columns(first string, words []string, numbers []string) []live.Column {
	all := []live.Column{{Head: first}}
	for _, w := range words {
		all = append(all, live.Column{Head: w})
	}
	for _, n := range numbers {
		all = append(all, live.Column{Head: n, Number: true})
	}
	return all
}
