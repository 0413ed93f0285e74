package pipelines

import (
	"fmt"
	"strings"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// waiting is what waits in an outlet, begun by nobody.
func waiting(o *stage.OutletSnapshot) int { return o.Buffer + o.Delayed + o.Inboxes }

// most is where most waits, in a sentence or two.
func (g *graph) most() string {
	var worst *stage.OutletSnapshot
	for i := range g.of.Outlets {
		if o := &g.of.Outlets[i]; worst == nil || waiting(o) > waiting(worst) {
			worst = o
		}
	}
	if worst == nil || waiting(worst) == 0 {
		return "Nothing waits."
	}
	return strings.TrimSpace("Most waits in " + worst.Name + ": " + parts(worst) + ". " + g.why(worst))
}

// parts are what waits in an outlet, by place.
func parts(o *stage.OutletSnapshot) string {
	var said []string
	if o.Buffer > 0 {
		said = append(said, fmt.Sprintf("%s in its buffer of %s, the first for %s", whole(o.Buffer), whole(o.Capacity), live.Duration(o.Oldest)))
	}
	if o.Inboxes > 0 {
		said = append(said, whole(o.Inboxes)+" in inboxes")
	}
	if o.Delayed > 0 {
		said = append(said, whole(o.Delayed)+" to be tried again later")
	}
	return strings.Join(said, "; ")
}

// why says why events stay in an outlet, or why those before it are not let in; empty: there
// is nothing to tell. It only says what the snapshot shows.
func (g *graph) why(o *stage.OutletSnapshot) string {
	takers := served(o)
	switch {
	case waiting(o) == 0 && (len(o.FedBy) == 0 || o.Want > 0 || o.State != stage.OutletOpen):
		return ""
	case o.Paused:
		return "It is paused."
	case len(o.Subscriptions) == 0:
		return "Nobody takes from it."
	case len(takers) == 0 && o.Subscriptions[0].Leaving:
		return o.Subscriptions[0].Stage + " is leaving."
	case len(takers) == 0:
		return o.Subscriptions[0].Stage + " is not served."
	case o.Buffer+o.Inboxes == 0 && o.Delayed > 0:
		return "All of them have failed before."
	case o.Buffer > 0 && o.Blocked == o.Buffer:
		return "All in the buffer wait behind an event of their partition."
	}
	return g.takersSay(takers)
}

// served are the subscriptions whose stages serve.
func served(o *stage.OutletSnapshot) (subs []*stage.SubscriptionSnapshot) {
	for i := range o.Subscriptions {
		if s := &o.Subscriptions[i]; s.Attached {
			subs = append(subs, s)
		}
	}
	return subs
}

// mostReasons is how many takers have a say in why.
const mostReasons = 2

// takersSay is why those that take do not take more.
func (g *graph) takersSay(takers []*stage.SubscriptionSnapshot) string {
	var reasons, laden, idle []string
	workers, allBusy := 0, true
	for _, s := range takers {
		n := g.named[s.Stage]
		crew := crewOf(n, s)
		workers += crew
		allBusy = allBusy && s.Busy >= crew
		switch reason := g.reason(n, s); {
		case reason != "":
			reasons = append(reasons, reason)
		case s.Inbox > 0:
			laden = append(laden, whole(s.Inbox)+" are in the inbox of "+s.Stage)
		case s.Busy == 0:
			idle = append(idle, s.Stage)
		}
	}
	if len(reasons) == 0 && allBusy {
		return allOf(workers)
	}
	return sentence(append(reasons, laden...), idle)
}

func allOf(workers int) string {
	switch workers {
	case 0:
		return ""
	case 1:
		return "The only worker is busy."
	case 2:
		return "Both workers are busy."
	}
	return "All " + whole(workers) + " workers are busy."
}

// sentence tells the first reasons, and who is idle meanwhile.
func sentence(reasons, idle []string) string {
	switch {
	case len(reasons) == 0:
		return ""
	case len(reasons) > mostReasons:
		reasons = append(reasons[:mostReasons:mostReasons], "and so on")
	}
	text := strings.Join(reasons, "; ")
	if len(idle) > 0 {
		text += "; " + someOf(idle) + " " + has(len(idle)) + " nothing to do"
	}
	return text + "."
}

// reason is what keeps one that takes from taking, other than its work.
func (g *graph) reason(n *node, s *stage.SubscriptionSnapshot) string {
	full, unwanted := g.gates(n)
	switch {
	case s.Held > 0:
		return s.Stage + " may begin with " + live.Rate(s.Rate).Text + " at most"
	case s.Manual && s.Credit+s.Inbox+s.Hands == 0:
		return s.Stage + " has not been told to ask for more"
	case len(full) > 0:
		return s.Stage + " waits for room in " + someOf(full)
	case len(unwanted) == 1 && unwanted[0] == s.Stage:
		return s.Stage + " rests, since nobody wants more of what it makes"
	case len(unwanted) > 0:
		return s.Stage + " waits until more is wanted of " + someOf(unwanted)
	}
	return ""
}

// gates are the outlets that a stage feeds and that let it wait: since they are full, or, if
// it works on demand, since nobody wants more of them.
func (g *graph) gates(n *node) (full, unwanted []string) {
	if n == nil || n.stage == nil {
		return nil, nil
	}
	byDemand := n.stage.Kind == "transform" || n.stage.Kind == "batcher" || n.stage.Kind == "broadcast"
	for _, o := range g.feeds[n] {
		switch {
		case o.Pushers > 0:
			full = append(full, o.Name)
		case byDemand && o.Want == 0 && o.State == stage.OutletOpen && !lags(o):
			unwanted = append(unwanted, o.Name)
		}
	}
	return full, unwanted
}

// lags says whether its subscriber may fall behind: nobody waits for that.
func lags(o *stage.OutletSnapshot) bool {
	return len(o.Subscriptions) == 1 && o.Subscriptions[0].Lag > 0
}

func has(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
