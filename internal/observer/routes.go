package observer

import (
	"slices"

	"github.com/affluxlab/afflux/internal/web"
)

// Routes are the observer's part of the API, and the forms of its page.
func (o *Observer) Routes() []web.Route {
	window := []web.Parameter{{Name: "window", Description: "over which time: reset (since the last reset, unless it is said), 1m, 10s"}}
	return slices.Concat([]web.Route{
		{Method: "GET", Path: "/api/v1/tree", Class: web.API, Handler: o.serveTree,
			Doc: web.Doc{Summary: "The supervision tree", Response: Node{}, ResponseName: "Node"}},
		{Method: "GET", Path: "/api/v1/processes", Class: web.API, Handler: o.serveProcesses,
			Doc: web.Doc{Summary: "Every node of the tree with its figures", Query: window, Response: Processes{}, Fails: []int{422}}},
		{Method: "GET", Path: "/api/v1/runtime", Class: web.API, Handler: o.serveRuntime,
			Doc: web.Doc{Summary: "Goroutines, memory, garbage collection, CPU", Response: Runtime{}, Fails: []int{500}}},
		{Method: "GET", Path: "/api/v1/observer", Class: web.API, Handler: o.serveAll,
			Doc: web.Doc{Summary: "All of it: tree, processes, goroutines by what they do, CPU, runtime, log", Query: window, Response: All{}, Fails: []int{422, 500}}},
	}, o.actionRoutes(), o.cpuRoutes(), o.snapshotRoutes())
}
