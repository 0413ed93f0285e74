package observer

import (
	"net/http"
	"time"

	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/supervise"
)

// Node is a node of the tree as the API shows it.
type Node struct {
	Name       string     `json:"name"`
	Kind       string     `json:"kind"`
	Strategy   string     `json:"strategy"`
	State      string     `json:"state"`
	Restarts   int        `json:"restarts"`
	StartedAt  *time.Time `json:"started_at"`
	Since      time.Time  `json:"since"`     // when it came into that state
	Restart    string     `json:"restart"`   // permanent, transient, temporary; empty for the root
	Intensity  *Intensity `json:"intensity"` // of a supervisor; null for a worker
	LastError  string     `json:"last_error"`
	Source     string     `json:"source"`
	Goroutines *int       `json:"goroutines"` // null: no census has run
	Children   []Node     `json:"children"`
}

// Intensity is how many restarts a supervisor bears, and has borne.
type Intensity struct {
	Max     int     `json:"max"`
	WithinS float64 `json:"within_s"`
	Spent   int     `json:"spent"` // restarts within the last WithinS
}

func (o *Observer) serveTree(w http.ResponseWriter, r *http.Request) {
	web.JSON(w, http.StatusOK, o.Node())
}

// Node is the tree as it stands. Its goroutines are those of the newest census, and
// asking is looking: there will be one.
func (o *Observer) Node() Node {
	var counts map[string]int
	if c, taken := o.census.look(); taken {
		counts = byChild(c)
	}
	return o.node(o.cfg.Tree(), counts)
}

func (o *Observer) node(n supervise.Node, counts map[string]int) Node {
	out := Node{
		Name: n.Name, Kind: n.Kind, Strategy: n.Strategy, State: string(n.State), Restarts: n.Restarts, Since: n.Since, Restart: n.Restart,
		LastError: n.LastError, Source: o.place(n.Source), Children: []Node{},
	}
	if n.Kind == "supervisor" {
		out.Intensity = &Intensity{n.Intensity.Max, n.Intensity.Within.Seconds(), len(n.Intensity.Recent)}
	}
	if !n.StartedAt.IsZero() {
		out.StartedAt = &n.StartedAt
	}
	if counts != nil {
		count := counts[n.Name]
		out.Goroutines = &count
	}
	for _, c := range n.Children {
		out.Children = append(out.Children, o.node(c, counts))
	}
	return out
}
