package observer

import (
	"fmt"
	"strconv"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/supervise"
)

// kin is a node with what is below it, as the tree shows it.
type kin struct {
	Name, Kind, Strategy, State, Colour string
	Doing                               string
	Queue                               string
	Restarts                            string
	Meter                               string // of a supervisor: how much of its intensity is spent
	Spent                               bool
	Children                            []kin
	More                                int // children that are not shown
}

// mostSiblings is how many children of a node the tree shows.
const mostSiblings = 24

func (o *Observer) kin(n supervise.Node, facts map[string]Facts) kin {
	f := facts[n.Name]
	k := kin{Name: n.Name, Kind: n.Kind, Strategy: n.Strategy, State: string(n.State), Colour: colours[n.State], Doing: f.Doing}
	if f.Queued != "" { // also of 0: a line that comes and goes would move all below it
		k.Queue = live.Count(uint64(f.Queue)).Text
	}
	if n.Restarts > 0 {
		k.Restarts = times(n.Restarts)
	}
	if i := n.Intensity; n.Kind == "supervisor" {
		k.Meter, k.Spent = fmt.Sprintf("%d of %d restarts in %s", len(i.Recent), i.Max, span(i.Within)), i.Spent()
	}
	for _, c := range n.Children[:min(len(n.Children), mostSiblings)] {
		k.Children = append(k.Children, o.kin(c, facts))
	}
	k.More = len(n.Children) - len(k.Children)
	return k
}

var colours = map[supervise.State]string{
	supervise.StateIdle:       "plain",
	supervise.StateRunning:    "done",
	supervise.StateStopping:   "waiting",
	supervise.StateRestarting: "waiting",
	supervise.StateStuck:      "failed",
	supervise.StateFailed:     "failed",
	supervise.StateFinished:   "plain",
	supervise.StateStopped:    "plain",
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}
