package observer

import (
	"slices"
	"strings"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/profile"
	"github.com/affluxlab/afflux/supervise"
)

// crowd is the census as the page shows it.
type crowd struct {
	CensusView
	Total string
	Bars  []crowdBar
	Rest  int // in smaller groups
	Age   string
	Cost  string
	Every string
}

type crowdBar struct {
	GroupView
	Count   string
	Width   float64 // percent of the largest
	Label   string
	Present string
	Href    string // where its place is shown
}

func (o *Observer) crowd() crowd {
	c, taken := o.census.look()
	v := o.view(c, taken)
	out := crowd{CensusView: v, Total: live.Count(uint64(v.Total)).Text, Every: live.Duration(time.Duration(v.EveryS * float64(time.Second)).Round(time.Second))}
	if v.At != nil {
		out.Age, out.Cost = ago(*v.At), live.Duration(time.Duration(v.TookMS*float64(time.Millisecond)))
	}
	for i, g := range v.Groups {
		if i >= mostGroups {
			out.Rest += g.Count
			continue
		}
		out.Bars = append(out.Bars, crowdBar{
			GroupView: g, Count: live.Count(uint64(g.Count)).Text, Width: 100 * float64(g.Count) / float64(v.Groups[0].Count),
			Label: labelled(g.Labels), Present: stateWords[g.State], Href: sourceHref(g.Source),
		})
	}
	return out
}

// labelled puts the labels of goroutines in the order of what they say: the part
// and the endpoint first.
func labelled(labels map[string]string) string {
	var words []string
	for _, key := range []string{"part", "endpoint"} {
		if labels[key] != "" {
			words = append(words, labels[key])
		}
	}
	if child := labels[supervise.Label]; child != "" && !slices.Contains(words, child) {
		words = append(words, child)
	}
	if len(words) == 0 {
		return "no label"
	}
	return strings.Join(words, " / ")
}

var stateWords = map[profile.State]string{
	profile.Running: "run, or are ready to", profile.Sleeping: "sleep", profile.Network: "wait for the network",
	profile.Selecting: "wait for one of several, such as a timer", profile.Receiving: "wait to receive", profile.Sending: "wait to send",
	profile.Locking: "wait for a lock", profile.Joining: "wait for others to end", profile.Waiting: "wait for a condition",
	profile.Signals: "wait for a signal", profile.Parked: "wait",
}

// sourceHref is where the page /source shows a place, "pkg/file.go:12".
func sourceHref(place string) string {
	path, line, ok := strings.Cut(place, ":")
	if !ok {
		return ""
	}
	return "/source/" + path + "#L" + line
}
