// Package observer shows what the process is made of: the supervision tree, and
// the figures of the Go runtime. It is handed a function for the tree and does
// not know who is in it.
package observer

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/supervise"
)

//go:embed pages panels
var files embed.FS

// Config says what is observed.
type Config struct {
	Tree   func() supervise.Node
	Module string // import path that is cut off the places in the source
}

// Observer is the room.
type Observer struct {
	cfg     Config
	started time.Time
	vitals  *vitals

	mu    sync.Mutex // guards since
	since usage      // what the process had used at the last Mark
}

// New returns an observer of this process, whose uptime begins now.
func New(cfg Config) (*Observer, error) {
	o := &Observer{cfg: cfg, started: time.Now(), vitals: newVitals()}
	return o, o.Mark()
}

// Mark begins a new stretch for "CPU since the last reset".
func (o *Observer) Mark() error {
	u, err := used()
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since = u
	return nil
}

// Routes are the observer's part of the API.
func (o *Observer) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/api/v1/tree", Class: web.API, Handler: o.serveTree,
			Doc: web.Doc{Summary: "The supervision tree", Response: treeSchema(), ResponseName: "Node"}},
		{Method: "GET", Path: "/api/v1/runtime", Class: web.API, Handler: o.serveRuntime,
			Doc: web.Doc{Summary: "Goroutines, memory, garbage collection, CPU", Response: Runtime{}, Fails: []int{500}}},
	}
}

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the embedded folder has that name
	}
	return sub
}

// Page is /observer. It needs the [Observer.Panels] to be shared.
func (o *Observer) Page() live.Page {
	return live.Page{Path: "/observer", Title: "Observer", Nav: "Observer", Key: "o", Files: folder("pages")}
}

// Panels are the pieces of the page that are drawn once for all who look at it.
func (o *Observer) Panels() []live.SharedPanel {
	share := func(name string, data func(*http.Request) any) live.SharedPanel {
		return live.SharedPanel{Page: "/observer", Name: "observer/" + name, Panel: live.Panel{Files: folder("panels"), Template: name + "-panel", Data: data}}
	}
	return []live.SharedPanel{
		share("tree", func(*http.Request) any { return []live.Node{o.lines(o.cfg.Tree())} }),
		share("runtime", func(*http.Request) any {
			figures, err := o.Figures()
			return struct {
				Runtime Runtime
				Problem error
			}{figures, err}
		}),
	}
}

// lines turns a node into what the page's nested list shows.
func (o *Observer) lines(n supervise.Node) live.Node {
	note := o.place(n.Source)
	if n.Strategy != "" {
		note = n.Strategy + " · " + note
	}
	if n.Restarts > 0 {
		note += " · restarted " + times(n.Restarts)
	}
	if n.LastError != "" {
		note += " · last error: " + n.LastError
	}
	line := live.Node{Name: n.Name, Note: note, State: string(n.State), Colour: stateColour[n.State]}
	for _, c := range n.Children {
		line.Children = append(line.Children, o.lines(c))
	}
	return line
}

var stateColour = map[supervise.State]string{
	supervise.StateRunning:    "done",
	supervise.StateStopping:   "waiting",
	supervise.StateRestarting: "waiting",
	supervise.StateStuck:      "failed",
	supervise.StateFailed:     "failed",
}

// place cuts the module's own path off: what is left is a path in its repository.
func (o *Observer) place(source string) string {
	return strings.TrimPrefix(source, o.cfg.Module+"/")
}

// Node is a node of the tree as the API shows it.
type Node struct {
	Name       string     `json:"name"`
	Kind       string     `json:"kind"`
	Strategy   string     `json:"strategy"`
	State      string     `json:"state"`
	Restarts   int        `json:"restarts"`
	StartedAt  *time.Time `json:"started_at"`
	LastError  string     `json:"last_error"`
	Source     string     `json:"source"`
	Goroutines *int       `json:"goroutines"` // null: no census has run
	Children   []Node     `json:"children"`
}

func (o *Observer) serveTree(w http.ResponseWriter, _ *http.Request) {
	web.JSON(w, http.StatusOK, o.node(o.cfg.Tree()))
}

func (o *Observer) node(n supervise.Node) Node {
	out := Node{
		Name: n.Name, Kind: n.Kind, Strategy: n.Strategy, State: string(n.State), Restarts: n.Restarts,
		LastError: n.LastError, Source: o.place(n.Source), Children: []Node{},
	}
	if !n.StartedAt.IsZero() {
		out.StartedAt = &n.StartedAt
	}
	for _, c := range n.Children {
		out.Children = append(out.Children, o.node(c))
	}
	return out
}

// treeSchema is written by hand since Node contains itself.
func treeSchema() *jsonschema.Schema {
	is := func(t string) *jsonschema.Schema { return &jsonschema.Schema{Type: t} }
	nullable := func(t string) *jsonschema.Schema { return &jsonschema.Schema{Types: []string{t, "null"}} }
	return &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{
		"name": is("string"), "kind": is("string"), "strategy": is("string"), "state": is("string"),
		"restarts": is("integer"), "started_at": nullable("string"), "last_error": is("string"), "source": is("string"),
		"goroutines": nullable("integer"),
		"children":   {Type: "array", Items: &jsonschema.Schema{Ref: "#/components/schemas/Node"}},
	}, Required: []string{"name", "kind", "strategy", "state", "restarts", "started_at", "last_error", "source", "goroutines", "children"}}
}
