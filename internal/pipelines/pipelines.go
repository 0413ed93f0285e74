// Package pipelines shows the running pipelines of the process, stage by stage: a
// picture of each as a graph, the same in tables, and their snapshots as JSON.
//
// It is handed a function that returns them, and does not know who runs them. It only
// looks.
package pipelines

import (
	"net/http"

	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/stage"
)

// Config says what is shown.
type Config struct {
	// Pipelines are those that run now; needed.
	Pipelines func() []Pipeline
	// Hrefs is asked once for each drawing, and tells where the name of a stage leads;
	// empty: nowhere. May be nil.
	Hrefs func() func(stage string) string
}

// Pipeline is one that runs, under a name of its own.
type Pipeline struct {
	Name     string         `json:"name"`
	Snapshot stage.Snapshot `json:"snapshot"`
}

// View is what /api/v1/stages answers.
type View struct {
	Pipelines []Pipeline `json:"pipelines"`
}

// Board is the room.
type Board struct {
	cfg   Config
	rates rates
}

// New returns a board, which runs nothing by itself.
func New(cfg Config) *Board {
	if cfg.Hrefs == nil {
		cfg.Hrefs = func() func(string) string { return func(string) string { return "" } }
	}
	return &Board{cfg: cfg}
}

// View returns all pipelines in full.
func (b *Board) View() View {
	return View{Pipelines: append([]Pipeline{}, b.cfg.Pipelines()...)}
}

// Routes are the board's part of the API.
func (b *Board) Routes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/api/v1/stages", Class: web.API, Handler: b.serve, Doc: web.Doc{
		Summary:     "The running pipelines with all their outlets, subscriptions and stages",
		Description: "Of each outlet accepted = done + failed + dropped + delayed + buffer + inboxes + hands. Names that end in _ns are nanoseconds, in _ms milliseconds.",
		Response:    schema(), ResponseName: "Pipelines",
	}}}
}

func (b *Board) serve(w http.ResponseWriter, _ *http.Request) {
	web.JSON(w, http.StatusOK, b.View())
}
