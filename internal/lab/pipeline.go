package lab

import (
	"net/http"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/web"
)

// pipelineSettings are those of part 2, in its own words.
func pipelineSettings(p config.Pipeline) part2.Settings {
	return part2.Settings{
		Kind: part2.Kind(p.Kind), Consumers: p.Consumers, Concurrency: p.Concurrency, Refill: p.Refill,
		Handout: part2.Handout(p.Handout), MaxDemand: p.MaxDemand, MinDemand: p.MinDemand,
		Buffer: p.Buffer, Overflow: part2.Overflow(p.Overflow), Attempts: p.Attempts,
	}
}

// action is something that can be done to the pipeline.
type action struct {
	name, summary, mark string
	do                  func()
}

func (l *Lab) actions() []action {
	return []action{
		{"drain", "Refuse new events and work off what is in the system; lifts a pause", "part 2 drains", l.part2.DrainIntake},
		{"pause", "Stop the hand-out: what is in hand is finished, new events wait", "part 2 paused", l.part2.PauseHandout},
		{"resume", "End a pause and a drain", "part 2 resumed", l.part2.Resume},
		{"rebalance", "Take what was dealt out and not begun back to the queue, and deal it out anew", "part 2 rebalanced", l.part2.Rebalance},
	}
}

// Pipeline returns part 2 as the API shows it.
func (l *Lab) Pipeline() part2.View {
	l.epochs.RLock() // the epoch is that of the counts
	defer l.epochs.RUnlock()
	return l.part2.View(l.epoch)
}

func (l *Lab) getPipeline(w http.ResponseWriter, _ *http.Request) {
	web.JSON(w, http.StatusOK, l.Pipeline())
}

// pipelineRoutes are the view and, for each action, a route for programs and the
// plain form of the pages.
func (l *Lab) pipelineRoutes() []web.Route {
	rows := []web.Route{{Method: "GET", Path: "/api/v1/pipeline", Class: web.API, Handler: l.getPipeline,
		Doc: web.Doc{Summary: "The books of part 2's pipeline", Response: part2.View{}}}}
	for _, a := range l.actions() {
		rows = append(rows,
			web.Route{Method: "POST", Path: "/api/v1/pipeline/" + a.name, Class: web.API,
				Handler: func(w http.ResponseWriter, r *http.Request) { l.act(a); l.getPipeline(w, r) },
				Doc:     web.Doc{Summary: a.summary, Response: part2.View{}, Fails: []int{403}}},
			web.Route{Method: "POST", Path: "/actions/" + a.name, Class: web.Page,
				Handler: func(w http.ResponseWriter, r *http.Request) {
					l.act(a)
					http.Redirect(w, r, l.backTo(r), http.StatusSeeOther)
				}})
	}
	return rows
}

// do does the action of that name.
func (l *Lab) do(name string) {
	for _, a := range l.actions() {
		if a.name == name {
			l.act(a)
		}
	}
}

func (l *Lab) act(a action) {
	a.do()
	l.log.Info(a.mark)
	l.mark(markSettings, a.mark)
}
