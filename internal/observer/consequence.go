package observer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/supervise"
)

// Outlook is what a kill of a node will bring about, as the tree stands.
type Outlook struct {
	Lines  []string `json:"lines"`  // in the order in which it happens
	Breach bool     `json:"breach"` // a supervisor above gives up
	Ends   bool     `json:"ends"`   // the root gives up: the process ends
}

// lineage is the way from the root to the node of that name, both included; nil if
// there is none.
func lineage(n supervise.Node, name string) []supervise.Node {
	if n.Name == name {
		return []supervise.Node{n}
	}
	for _, c := range n.Children {
		if below := lineage(c, name); below != nil {
			return append([]supervise.Node{n}, below...)
		}
	}
	return nil
}

// outlook says what happens to the last of a line when it is killed, and to those
// above it, one after the other.
func outlook(line []supervise.Node, loss string) Outlook {
	node := line[len(line)-1]
	o := Outlook{Lines: []string{ending(node)}}
	if loss != "" {
		o.Lines = append(o.Lines, loss)
	}
	for i := len(line) - 2; i >= 0; i-- {
		above, child := line[i], line[i+1]
		if child.Restart == "temporary" {
			o.Lines = append(o.Lines, child.Name+" is temporary: it is not started again.")
			return o
		}
		if !above.Intensity.Spent() {
			o.Lines = append(o.Lines, restarting(above, child))
			return o
		}
		o.Breach = true
		o.Lines = append(o.Lines, fmt.Sprintf("That is one restart more than %s bears, %s: it gives up and stops its children.", above.Name, allowance(above.Intensity)))
	}
	o.Ends = true
	o.Lines = append(o.Lines, "Nobody is above "+line[0].Name+": the lab ends with exit code 1, and says why. What is in flight or waits in memory is lost.")
	return o
}

func ending(n supervise.Node) string {
	if len(n.Children) > 0 {
		return n.Name + " is told to end, with the cause “killed”: what is below it stops, the last first."
	}
	return n.Name + " is told to end, with the cause “killed”. It has ended when it returns."
}

func restarting(above, child supervise.Node) string {
	when := "at once"
	again, gone := together(above, child.Name)
	if len(again) > 0 {
		when = "and with it " + strings.Join(again, ", ") + ", once they have ended, the last first"
	}
	i := above.Intensity
	text := fmt.Sprintf("%s starts %s again %s. It will be restart %d of the %d that it bears within %s.",
		above.Name, child.Name, when, len(i.Recent)+1, i.Max, span(i.Within))
	for _, name := range gone {
		text += " " + name + " ends too, and stays so: it is temporary."
	}
	return text
}

// together are the siblings that a strategy restarts with a child, and those that
// it only ends.
func together(above supervise.Node, child string) (again, gone []string) {
	at := slices.IndexFunc(above.Children, func(n supervise.Node) bool { return n.Name == child })
	for i, n := range above.Children {
		if n.Name == child || above.Strategy != supervise.OneForAll.String() && (above.Strategy != supervise.RestForOne.String() || i < at) {
			continue
		}
		if n.Restart == supervise.Temporary.String() {
			gone = append(gone, n.Name)
		} else {
			again = append(again, n.Name)
		}
	}
	return again, gone
}

func allowance(i supervise.Intensity) string {
	if i.Max == 0 {
		return "which is none"
	}
	return fmt.Sprintf("%d within %s", i.Max, span(i.Within))
}

func span(d time.Duration) string { return live.Duration(d) }

func oneLine(err error) string { return strings.ReplaceAll(fmt.Sprint(err), "\n", "; ") }
