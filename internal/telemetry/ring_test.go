package telemetry

import (
	"slices"
	"testing"
)

func TestARingKeepsItsNewestRowsThroughManyRounds(t *testing.T) {
	for _, size := range []struct{ keep, rows int }{{1, 1}, {5, 2}, {6, 3}, {7, 10}, {30, 7}} {
		g := newRing(2, size.keep, size.rows)
		for row := range 200 {
			g.add(int64(row)*10, []float64{float64(row), -float64(row)})
			if want := uint64(max(0, row+1-size.keep)); g.first() != want {
				t.Fatalf("%v: after row %d the first is %d, want %d", size, row, g.first(), want)
			}
			for i := g.first(); i < g.next; i++ {
				if g.at(i) != int64(i)*10 || g.value(i, 0) != float64(i) || g.value(i, 1) != -float64(i) {
					t.Fatalf("%v: row %d reads %d %v %v", size, i, g.at(i), g.value(i, 0), g.value(i, 1))
				}
			}
		}
		if len(g.chunks) > g.bound() {
			t.Errorf("%v: %d chunks, bound %d", size, len(g.chunks), g.bound())
		}
	}
}

func TestARingFindsTheOldestRowSinceATime(t *testing.T) {
	g := newRing(1, 10, 4)
	if g.search(5) != 0 {
		t.Error("something was found in an empty ring")
	}
	for row := range 25 { // the rows kept are 15 to 24, at 150 to 240
		g.add(int64(row)*10, []float64{0})
	}
	for at, want := range map[int64]uint64{0: 15, 150: 15, 151: 16, 199: 20, 200: 20, 240: 24, 241: 25} {
		if got := g.search(at); got != want {
			t.Errorf("since %d: row %d, want %d", at, got, want)
		}
	}
}

func TestARangeIsCopiedRunByRunWithoutWhatIsGone(t *testing.T) {
	g := newRing(3, 10, 4)
	for row := range 25 {
		g.add(int64(row), []float64{float64(row), 0, float64(100 + row)})
	}
	b := newBlock([]int{2, 0}, 25)
	runs := 0
	for from := uint64(0); from < g.next; runs++ {
		from = g.copy(b, from, g.next)
	}
	if want := []int64{15, 16, 17, 18, 19, 20, 21, 22, 23, 24}; !slices.Equal(b.at, want) {
		t.Errorf("times %v", b.at)
	}
	if b.columns[1][0] != 15 || b.columns[0][9] != 124 || len(b.columns[0]) != 10 {
		t.Errorf("columns %v", b.columns)
	}
	if runs != 4 { // 15 | 16–19 | 20–23 | 24
		t.Errorf("%d runs", runs)
	}
}
