package pipelines

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// snapshot reads a pipeline from lines: "stage NAME", "outlet NAME < feeders > takers".
func snapshot(lines ...string) *stage.Snapshot {
	s := &stage.Snapshot{}
	for _, line := range lines {
		words := strings.Fields(line)
		if words[0] == "stage" {
			s.Stages = append(s.Stages, stage.StageSnapshot{Name: words[1], Kind: "consumer"})
			continue
		}
		o, side := stage.OutletSnapshot{Name: words[1]}, ""
		for _, w := range words[2:] {
			switch {
			case w == "<" || w == ">":
				side = w
			case side == "<":
				o.FedBy = append(o.FedBy, w)
			default:
				o.Subscriptions = append(o.Subscriptions, stage.SubscriptionSnapshot{Stage: w})
			}
		}
		s.Outlets = append(s.Outlets, o)
	}
	return s
}

// drawn writes a graph: its columns, then its edges.
func drawn(g *graph) string {
	var columns, edges []string
	for _, c := range g.columns() {
		var names []string
		for _, n := range c {
			names = append(names, n.name)
		}
		columns = append(columns, strings.Join(names, " "))
	}
	for _, e := range g.edges {
		arrow := "=>" // feeds
		if e.sub != nil {
			arrow = "->"
		}
		edges = append(edges, e.from.name+arrow+e.to.name)
	}
	return strings.Join(columns, " | ") + "; " + strings.Join(edges, " ")
}

func TestAGraphHasANodeForEachNameAndAColumnForEachStep(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"nothing":                               {nil, "; "},
		"a queue and its stage are one":         {[]string{"stage jobs", "stage mail", "outlet jobs > mail"}, "jobs | mail; jobs->mail"},
		"a transform and its outlet are one":    {[]string{"outlet in > double", "stage double", "outlet double < double > print", "stage print"}, "in | double | print; in->double double->print"},
		"fan-out":                               {[]string{"outlet in > a b c"}, "in | a b c; in->a in->b in->c"},
		"fan-in to an outlet":                   {[]string{"outlet in > a b", "outlet merged < a b > c"}, "in | a b | merged | c; in->a in->b a=>merged b=>merged merged->c"},
		"fan-in to a stage":                     {[]string{"outlet x > c", "outlet y > c"}, "x y | c; x->c y->c"},
		"the longest way counts":                {[]string{"outlet in > a z", "outlet mid < a > z"}, "in | a | mid | z; in->a in->z a=>mid mid->z"},
		"dead letters":                          {[]string{"outlet in > a", "stage a", "outlet a/dead-letters < a > bury"}, "in | a | a/dead-letters | bury; in->a a=>a/dead-letters a/dead-letters->bury"},
		"names that lead nowhere":               {[]string{"outlet in < ghost > nobody"}, "ghost | in | nobody; ghost=>in in->nobody"},
		"a stage that takes from nothing":       {[]string{"stage alone"}, "alone; "},
		"numbers are numbers":                   {[]string{"outlet in > c-10 c-9 c-2"}, "in | c-2 c-9 c-10; in->c-10 in->c-9 in->c-2"},
		"each stands beside what it takes from": {[]string{"outlet a > z", "outlet b > y", "outlet c > x"}, "a b c | z y x; a->z b->y c->x"},
		"two outlets of one name":               {[]string{"outlet a > x", "outlet a > y"}, "a | x y; a->x a->y"},
	} {
		if got := drawn(newGraph(snapshot(c.lines...))); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

func TestACircleIsNoReasonToHang(t *testing.T) {
	g := newGraph(snapshot("outlet a < y > x", "outlet b < x > y"))
	if f := g.fold(); len(g.columns()) != 4 || len(f.spots) != 4 || len(f.arrows) != 4 {
		t.Error(drawn(g))
	}
}

func TestADanglingNameIsDrawnAsNotThere(t *testing.T) {
	g := newGraph(snapshot("outlet in < ghost > nobody"))
	for _, name := range []string{"ghost", "nobody"} {
		if got := stateOf(g.named[name]); got != unknown {
			t.Errorf("%s is %+v", name, got)
		}
	}
}

func TestWhatIsTooMuchStandsTogether(t *testing.T) {
	var takers []string
	for i := range 1000 {
		takers = append(takers, fmt.Sprint("c-", i+1))
	}
	f := newGraph(snapshot("outlet in > "+strings.Join(takers, " "), "outlet out < "+strings.Join(takers, " "))).fold()
	if len(f.spots) != 1+mostInOne+1 || len(f.hidden) != 991 || f.hidden[0].name != "c-10" || f.lost != 0 {
		t.Errorf("%d spots, %d hidden, %d edges lost", len(f.spots), len(f.hidden), f.lost)
	}
	if len(f.arrows) != 2*mostInOne || len(f.arrows[mostInOne-1].edges) != 991 {
		t.Errorf("%d arrows", len(f.arrows))
	}
}

func TestALongChainEndsInOneNode(t *testing.T) {
	lines := []string{"outlet s-0 > s-1"}
	for i := 1; i < 100; i++ {
		lines = append(lines, fmt.Sprintf("outlet s-%d < s-%d > s-%d", i, i, i+1))
	}
	f := newGraph(snapshot(lines...)).fold()
	last := f.spots[len(f.spots)-1]
	if len(f.spots) != mostColumns || len(last.nodes) != 101-(mostColumns-1) || len(f.arrows) != mostColumns-1 {
		t.Errorf("%d spots, the last of %d nodes, %d arrows", len(f.spots), len(last.nodes), len(f.arrows))
	}
}

func TestEdgesBeyondWhatCanBeSeenAreLeftOutAndSaidSo(t *testing.T) {
	var lines []string // ten columns of ten, each joined with all of the next
	name := func(prefix string, column, row int) string { return fmt.Sprintf("%s%c-%d", prefix, 'a'+column, row) }
	for column := range 6 {
		for row := range 8 {
			line := "outlet " + name("", column, row) + " <"
			if column > 0 {
				line += " " + name("", column, row)
			}
			line += " >"
			for other := range 8 {
				line += " " + name("", column+1, other)
			}
			lines = append(lines, line)
		}
	}
	f := newGraph(snapshot(lines...)).fold()
	if len(f.arrows) != mostEdges || f.lost != 6*64-mostEdges {
		t.Errorf("%d arrows, %d lost", len(f.arrows), f.lost)
	}
	if notes := strings.Join(f.notes(), " "); !strings.Contains(notes, "Not drawn: 184 further edges; /api/v1/stages has them.") {
		t.Error(notes)
	}
}

func TestRatesAreMeasuredBetweenLooks(t *testing.T) {
	var r rates
	s := snapshot("outlet in > a b")
	p := &Pipeline{Name: "p", Snapshot: *s}
	o := &p.Snapshot.Outlets[0]
	look := func(at time.Duration, a, b uint64) [2]float64 {
		p.Snapshot.At = time.Unix(1000, 0).Add(at)
		o.Subscriptions[0].Done, o.Subscriptions[1].Done = a, b
		got := r.of(p).rates
		return [2]float64{got[place{"in", "a"}], got[place{"in", "b"}]}
	}
	o.RateOut, o.Hands, o.Subscriptions[0].Hands, o.Subscriptions[1].Hands = 6, 3, 1, 2
	for _, step := range []struct {
		at   time.Duration
		a, b uint64
		want [2]float64
	}{
		{0, 10, 10, [2]float64{2, 4}},                      // the first look: by what is in hand
		{100 * time.Millisecond, 90, 90, [2]float64{2, 4}}, // too soon
		{2 * time.Second, 20, 12, [2]float64{5, 1}},
		{4 * time.Second, 3, 16, [2]float64{2, 2}}, // a was reset
		{time.Minute, 30, 30, [2]float64{2, 4}},    // nobody looked for long
	} {
		if got := look(step.at, step.a, step.b); got != step.want {
			t.Errorf("after %v: %v, not %v", step.at, got, step.want)
		}
	}
	if r.forget(nil); len(r.looks) != 0 {
		t.Error("a pipeline that is gone is remembered")
	}
}
