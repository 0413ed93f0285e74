package live

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// fan is a flow from one node to n and on to one.
func fan(n int) Flow {
	f := Flow{Nodes: []FlowNode{{ID: "a", Kind: "producer", Name: "a producer"}, {ID: "z", Kind: "resource", Name: "Z", Column: 2}}}
	for i := range n {
		id := fmt.Sprintf("c%d", i+1)
		f.Nodes = append(f.Nodes, FlowNode{ID: id, Name: id, Column: 1})
		f.Edges = append(f.Edges,
			FlowEdge{From: "a", To: id, PerSecond: float64(i + 1), Colour: "inbox", Depth: 50, DepthOf: 100, Facts: []Fact{{Label: "inbox", Text: "50", Colour: "inbox"}, {Label: "demand", Text: "5", Colour: "demand"}}},
			FlowEdge{From: id, To: "z", PerSecond: float64(i + 1)})
	}
	return f
}

func arranged(t *testing.T, f Flow) flowPicture {
	t.Helper()
	p, err := arrange(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAFlowFansOutAndInAlongLanesOfItsOwn(t *testing.T) {
	p := arranged(t, fan(4))
	if len(p.Stages) != 3 || len(p.Stages[1].Seats) != 4 || p.Stages[2].Gutter != nil {
		t.Fatalf("stages %+v", p.Stages)
	}
	out, in := p.Stages[0].Gutter, p.Stages[1].Gutter
	if out.Left || !out.Told || !in.Left || in.Told {
		t.Errorf("lanes: out %v %v, in %v %v", out.Left, out.Told, in.Left, in.Told)
	}
	for i, y := range []float64{12.5, 37.5, 62.5, 87.5} {
		o, n := out.Paths[i], in.Paths[i]
		if o.StartY != 50 || o.EndY != y || o.EndX != 100 || n.StartY != y || n.EndY != 50 {
			t.Errorf("path %d: from %v to %v, then from %v to %v", i, o.StartY, o.EndY, n.StartY, n.EndY)
		}
		if !strings.HasPrefix(o.D, "M0 50 C") || !strings.HasSuffix(o.D, fmt.Sprintf(" L100 %v", y)) || !strings.HasPrefix(n.D, fmt.Sprintf("M0 %v L", y)) {
			t.Errorf("path %d: %s and %s", i, o.D, n.D)
		}
		if !strings.HasPrefix(o.Back, fmt.Sprintf("M100 %v L", y)) || !strings.HasSuffix(o.Back, " 0 50") || n.Back != "" {
			t.Errorf("demand %d: %s and %s", i, o.Back, n.Back)
		}
		if o.Width != 7.5 || n.Width != 0 {
			t.Errorf("thickness %v and %v", o.Width, n.Width)
		}
		if told := out.Lanes[i]; len(told) != 1 || len(told[0].Facts) != 1 || len(told[0].Demand) != 1 || told[0].Target != fmt.Sprintf("c%d", i+1) {
			t.Errorf("lane %d tells %+v", i, told)
		}
	}
	if p.Stages[0].Seats[0].Kind != "" || p.Stages[2].Seats[0].Kind != "resource" {
		t.Error("a kind that the name tells is told again, or another is not")
	}
}

// In little room a rail carries on each piece what goes on from there.
func TestRailsCarryWhatIsStillToBranchOff(t *testing.T) {
	p := arranged(t, fan(3))
	var got []string
	for _, path := range append(p.Stages[1].In, p.Stages[1].Out...) {
		got = append(got, fmt.Sprintf("%s %v", path.D, path.Rate))
	}
	want := "M50 0 L50 16.67 6, M50 16.67 L100 16.67 1, M50 16.67 L50 50 5, M50 50 L100 50 2, M50 50 L50 83.33 3, M50 83.33 L100 83.33 3, " +
		"M0 16.67 L50 16.67 1, M50 16.67 L50 50 1, M0 50 L50 50 2, M50 50 L50 83.33 3, M0 83.33 L50 83.33 3, M50 83.33 L50 100 6"
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("rails are\n%s, not\n%s", all, want)
	}
	if trunk := p.Stages[0].Gutter.Trunk; trunk.Rate != 6 || !strings.HasPrefix(trunk.D, "M50 0 C") || !strings.HasSuffix(trunk.D, " 4 100") {
		t.Errorf("the trunk is %+v", trunk)
	}
	if one := arranged(t, fan(1)); one.Stages[1].In != nil || one.Stages[1].Out != nil || !strings.HasSuffix(one.Stages[0].Gutter.Trunk.D, " 50 100") {
		t.Error("one node has rails")
	}
}

func TestADotStandsForAsFewEventsAsKeepThemApart(t *testing.T) {
	for most, want := range map[float64]int{0: 1, 6: 1, 6.5: 1, 7: 10, 65: 10, 66: 100, 5e5: 100_000, math.NaN(): 1, math.Inf(1): 1, -3: 1} {
		if p := arranged(t, Flow{Nodes: []FlowNode{{ID: "a"}, {ID: "b", Column: 1}}, Edges: []FlowEdge{{From: "a", To: "b", PerSecond: most}}}); p.Each != want {
			t.Errorf("%v a second: 1 dot = %d", most, p.Each)
		}
	}
	if p := arranged(t, Flow{Each: 50}); p.Each != 50 {
		t.Error("the choice is not kept")
	}
}

func TestEdgesPassColumnsAndLeadBack(t *testing.T) {
	p := arranged(t, Flow{
		Nodes: []FlowNode{{ID: "a", Name: "A"}, {ID: "b", Name: "B", Column: 5}, {ID: "c", Name: "C", Column: 9}},
		Edges: []FlowEdge{
			{From: "a", To: "b"}, {From: "b", To: "c"}, {From: "a", To: "c", PerSecond: 3, Facts: []Fact{{Text: "by"}}},
			{From: "c", To: "b", Colour: "failed"}, {From: "a", To: "a"},
		},
	})
	if len(p.Stages) != 3 || len(p.Stages[1].Seats) != 2 || p.Stages[1].Seats[1].Pass == nil || p.Stages[1].Seats[1].Pass.Rate != 3 {
		t.Fatalf("the edge that passes has no seat: %+v", p.Stages[1].Seats)
	}
	told := 0
	for _, s := range p.Stages[:2] {
		for _, lane := range s.Gutter.Lanes {
			for _, link := range lane {
				told += len(link.Facts)
			}
		}
	}
	if told != 1 || len(p.Links) != 5 {
		t.Errorf("told %d times, %d links", told, len(p.Links))
	}
	back := p.Stages[1].Gutter.Paths[2]
	if back.StartX != 100 || back.EndX != 0 || !strings.HasPrefix(back.D, "M100 ") {
		t.Errorf("the way back is %+v", back)
	}
}

func TestFlowsOfOnePageHaveElementsOfTheirOwn(t *testing.T) {
	named := func(id string) (names []string) {
		f := fan(3)
		f.ID = id
		p := arranged(t, f)
		for _, s := range p.Stages {
			for _, path := range append(s.In, s.Out...) {
				names = append(names, path.ID)
			}
			if s.Gutter != nil {
				names = append(names, s.Gutter.Trunk.ID, s.Gutter.Paths[0].ID, s.Gutter.Paths[1].ID)
			}
		}
		return names
	}
	for i, name := range named("one") {
		if other := named("")[i]; name != "one-"+other {
			t.Errorf("%s is no name of its own beside %s", name, other)
		}
	}
}

func TestAFlowThatCannotBeIsAnError(t *testing.T) {
	for name, f := range map[string]Flow{
		"two of one name": {Nodes: []FlowNode{{ID: "a"}, {ID: "a"}}},
		"no such node":    {Nodes: []FlowNode{{ID: "a"}}, Edges: []FlowEdge{{From: "a", To: "b"}}},
	} {
		if _, err := arrange(f); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if p := arranged(t, Flow{}); len(p.Stages) > 0 || p.Each != 1 {
		t.Errorf("nothing is %+v", p)
	}
}
