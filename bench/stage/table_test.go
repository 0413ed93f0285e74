package bench_test

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"
)

// section is a part of the table.
type section struct {
	title  string
	trials []*trial
}

func rowsOf(sections []section) (all []*row) {
	for _, s := range sections {
		for _, t := range s.trials {
			all = append(all, t.rows...)
		}
	}
	return all
}

// choose leaves the trials that have a row which is wanted, and those that these
// are held against.
func choose(sections []section, want func(name string) bool) []section {
	keep := map[string]bool{}
	for _, r := range rowsOf(sections) {
		if want(r.name) {
			keep[r.name], keep[r.against] = true, true
		}
	}
	var left []section
	for _, s := range sections {
		s.trials = slices.DeleteFunc(s.trials, func(t *trial) bool {
			return !slices.ContainsFunc(t.rows, func(r *row) bool { return keep[r.name] })
		})
		if len(s.trials) > 0 {
			left = append(left, s)
		}
	}
	return left
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// letters names the rows that others are held against.
func letters(rows []*row) map[string]string {
	named := map[string]string{}
	for _, r := range rows {
		if slices.ContainsFunc(rows, func(o *row) bool { return o.against == r.name }) {
			named[r.name] = alphabet[len(named) : len(named)+1]
		}
	}
	return named
}

const layout = "%-56s %2s %9s %-4s %-17s %8s %8s %-2s %s\n"

// write prints the table.
func write(to io.Writer, sections []section, turn time.Duration) {
	rows := rowsOf(sections)
	if len(rows) == 0 {
		return
	}
	by := map[string]*row{}
	for _, r := range rows {
		by[r.name] = r
	}
	letter := letters(rows)
	fmt.Fprintf(to, "\n%s %s/%s, GOMAXPROCS %d, rounds: %d, turns of %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), len(rows[0].samples), turn)
	for _, s := range sections {
		fmt.Fprintf(to, "\n"+layout, strings.ToUpper(s.title), "", "median", "", "(min–max)", "allocs", "ratio", "to", "aim")
		for _, t := range s.trials {
			for _, r := range t.rows {
				all, ratio := r.values(), ""
				if other := by[r.against]; other != nil {
					ratio = figure(r.ratio(other))
				}
				between := "(" + figure(slices.Min(all)) + "–" + figure(slices.Max(all)) + ")"
				line := fmt.Sprintf(layout, r.name, letter[r.name], figure(median(all)), r.unit, between,
					r.allocs(), ratio, letter[r.against], r.aim)
				fmt.Fprintln(to, strings.TrimRight(line, " \n"))
			}
		}
	}
	fmt.Fprintln(to)
}

// allocs is the median, of an event.
func (r *row) allocs() string {
	all := make([]float64, len(r.samples))
	for i, s := range r.samples {
		all[i] = s.allocs
	}
	switch m := median(all); {
	case math.IsNaN(m):
		return ""
	case m < 0.0005:
		return "0"
	default:
		return fmt.Sprintf("%.3f", m)
	}
}

// figure has three digits that count.
func figure(v float64) string {
	switch {
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	case math.Abs(v) >= 0.1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}
