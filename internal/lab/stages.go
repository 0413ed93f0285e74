package lab

import (
	"net/url"

	"github.com/affluxlab/afflux/internal/pipelines"
	"github.com/affluxlab/afflux/supervise"
)

// pipelines are those that run in this process.
func (l *Lab) pipelines() []pipelines.Pipeline {
	name, s := l.part2.Pipeline()
	return []pipelines.Pipeline{{Name: name, Snapshot: s}}
}

// hrefs lead from the name of a stage into the observer, if the tree has a node of that
// name. The tree is looked through once for all of them.
func (l *Lab) hrefs() func(stage string) string {
	known := map[string]bool{}
	var look func(n supervise.Node)
	look = func(n supervise.Node) {
		known[n.Name] = true
		for _, c := range n.Children {
			look(c)
		}
	}
	look(l.Tree())
	return func(stage string) string {
		if !known[stage] {
			return ""
		}
		return "/observer?node=" + url.QueryEscape(stage)
	}
}
