package observer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/affluxlab/afflux/internal/live"
)

// row is a line of the table of processes: words, with the numbers to sort by.
type row struct {
	Process
	Cells []sorted
}

// sorted is a cell with what it is sorted by.
type sorted struct {
	Text  string
	By    float64
	Exact string
}

type table struct {
	Rows   []row
	Hidden int // of the least busy, not shown
	Window string
	OverS  float64
	CPU    bool // measured
}

func (o *Observer) table(window string) table {
	p := o.Processes(window)
	t := table{Window: window, OverS: p.OverS, CPU: o.lastCPU() != nil}
	for _, x := range p.Processes {
		t.Rows = append(t.Rows, row{x, []sorted{busyCell(x), wholeCell(x.Queue), msCell(x.WaitMS), msCell(x.ServiceMS),
			countCell(x.Done), {Text: strconv.Itoa(x.Restarts), By: float64(x.Restarts)},
			wholeCell(x.Goroutines), percentCell(x.CPUPercent)}})
	}
	if len(t.Rows) > mostRows {
		slices.SortStableFunc(t.Rows, func(a, b row) int { return cmp.Compare(b.Cells[0].By, a.Cells[0].By) })
		t.Hidden = len(t.Rows) - mostRows
		t.Rows = t.Rows[:mostRows]
	}
	return t
}

// none is what was not measured, sorted below all that was.
var none = sorted{Text: "–", By: -1}

// ifAny is the text, or nothing if it was not measured.
func (s sorted) ifAny() string {
	if s == none {
		return ""
	}
	return s.Text
}

func busyCell(p Process) sorted {
	switch {
	case p.BusyShare != nil:
		return sorted{Text: live.Percent(*p.BusyShare), By: *p.Busy, Exact: fmt.Sprintf("%.3f at work on average, of %d", *p.Busy, p.Slots)}
	case p.Busy != nil:
		return sorted{Text: live.Number(*p.Busy).Text + " on average", By: *p.Busy}
	}
	return none
}

func countCell(n *uint64) sorted {
	if n == nil {
		return none
	}
	return sorted{Text: live.Count(*n).Text, By: float64(*n)}
}

func wholeCell(n *int) sorted {
	if n == nil {
		return none
	}
	return sorted{Text: live.Count(uint64(*n)).Text, By: float64(*n)}
}

func msCell(ms *float64) sorted {
	if ms == nil {
		return none
	}
	return sorted{Text: live.Duration(time.Duration(*ms * float64(time.Millisecond))), By: *ms, Exact: fmt.Sprintf("%.3f ms", *ms)}
}

func percentCell(p *float64) sorted {
	if p == nil {
		return none
	}
	return sorted{Text: live.Percent(*p / 100), By: *p}
}
