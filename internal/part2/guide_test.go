package part2_test

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/resource"
)

// The table of docs/workshop.md, exercise 5, that this test computes anew: it begins
// with this line.
const steadyTable = "| arrivals per second | one use | consumers | max_demand | mean latency |"

// steadyTolerance is how far a mean may be from the printed one, for instance where
// events happen at the same moment and their order is chance.
const steadyTolerance = 0.05

// steadyLoad is a row of the table.
type steadyLoad struct {
	perSecond    float64
	distribution resource.Distribution
	consumers    int
	maxDemand    int
	mean         float64 // seconds, as printed
}

// steadySeeds are the runs whose mean is printed. A run has as many events as
// steadyEvents says.
const steadySeeds = 3

func steadyEvents(l steadyLoad) int {
	if l.distribution == resource.Exponential {
		return 12_000
	}
	return 8_000
}

// measured is the mean latency of all runs, in seconds.
func (l steadyLoad) measured(t *testing.T) (mean float64) {
	change := all(consumers(l.consumers), demand(l.maxDemand))
	for seed := range uint64(steadySeeds) {
		one := poisson(t, seed, steadyEvents(l), l.perSecond, l.distribution, change)
		t.Logf("%v a second, %s, consumers %d, max_demand %d: %.3f s with seed %d",
			l.perSecond, l.distribution, l.consumers, l.maxDemand, one, seed)
		mean += one / steadySeeds
	}
	return mean
}

func TestTheGuidesTableOfSteadyLoadIsWhatVirtualTimeSays(t *testing.T) {
	rows := steadyLoads(t)
	for _, l := range rows {
		mean := l.measured(t)
		t.Logf("%v a second, %s, consumers %d, max_demand %d: mean %.3f s", l.perSecond, l.distribution, l.consumers, l.maxDemand, mean)
		if math.Abs(mean-l.mean) > steadyTolerance*l.mean {
			t.Errorf("docs/workshop.md says %.3f s for %+v; measured %.3f s", l.mean, l, mean)
		}
	}
	for _, want := range []steadyLoad{
		{1, resource.Constant, 1, 1000, 0}, {1, resource.Constant, 3, 1, 0},
		{1.8, resource.Constant, 1, 1000, 0}, {1.8, resource.Constant, 3, 1, 0}, {1.8, resource.Constant, 3, 1000, 0},
		{5, resource.Exponential, 3, 1, 0}, {5, resource.Exponential, 3, 1000, 0},
	} {
		if !has(rows, want) {
			t.Errorf("docs/workshop.md has no row for %+v", want)
		}
	}
}

func has(rows []steadyLoad, want steadyLoad) bool {
	for _, l := range rows {
		if l.mean = 0; l == want {
			return true
		}
	}
	return false
}

// steadyLoads reads the table.
func steadyLoads(t *testing.T) (rows []steadyLoad) {
	t.Helper()
	text, err := os.ReadFile("../../docs/workshop.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), steadyTable)
	if !found {
		t.Fatalf("docs/workshop.md has no table that begins with %q", steadyTable)
	}
	for i, line := range strings.Split(table, "\n") {
		if i < 2 { // the rest of the head, and the line of dashes
			continue
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		rows = append(rows, steadyRow(t, strings.Split(strings.Trim(line, "| "), "|")))
	}
	return rows
}

// steadyRow reads a row: numbers as they are printed, the mean with its unit.
func steadyRow(t *testing.T, cells []string) steadyLoad {
	t.Helper()
	number := func(i int) float64 {
		if i >= len(cells) {
			t.Fatalf("too few cells: %q", cells)
		}
		text := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(cells[i]), " s"), ",", "")
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("%q of %q is no number", cells[i], cells)
		}
		return n
	}
	l := steadyLoad{perSecond: number(0), consumers: int(number(2)), maxDemand: int(number(3)), mean: number(4)}
	l.distribution = resource.Distribution(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(cells[1]), "500 ms,")))
	if l.distribution != resource.Constant && l.distribution != resource.Exponential {
		t.Fatalf("%q: want constant or exponential", cells[1])
	}
	return l
}
