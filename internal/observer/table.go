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
	Name, State string
	Cells       []sorted
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
	Over   string // the stretch, in words: such as stay the same for a while
	CPU    bool   // measured
}

func (o *Observer) table(window string) table {
	p := o.Processes(window)
	t := table{Window: window, Over: stretch(p), CPU: o.lastCPU() != nil}
	shown := p.Processes
	if len(shown) > mostRows {
		slices.SortStableFunc(shown, func(a, b Process) int { return cmp.Compare(b.busy(), a.busy()) })
		t.Hidden = len(shown) - mostRows
		shown = shown[:mostRows]
	}
	for _, x := range shown {
		t.Rows = append(t.Rows, row{x.Name, x.State, []sorted{busyCell(x), wholeCell(x.Queue), msCell(x.WaitMS), msCell(x.ServiceMS),
			countCell(x.Done), {Text: strconv.Itoa(x.Restarts), By: float64(x.Restarts)},
			wholeCell(x.Goroutines), percentCell(x.CPUPercent)}})
	}
	return t
}

// busy is what processes are ordered by when there are too many: below 0 if nobody
// tells.
func (p Process) busy() float64 {
	if p.Busy == nil {
		return none.By
	}
	return *p.Busy
}

// stretch says over which time the figures are.
func stretch(p Processes) string {
	span, _ := windowSpan(p.Window)
	if over := time.Duration(p.OverS * float64(time.Second)); span > 0 {
		return "Over " + live.Duration(over.Round(time.Second))
	}
	return "Since " + p.At.Add(-time.Duration(p.OverS*float64(time.Second))).Format(time.TimeOnly)
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
