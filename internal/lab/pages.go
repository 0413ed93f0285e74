package lab

import (
	"embed"
	"net/http"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/resource"
)

//go:embed pages panels
var files embed.FS

func (l *Lab) home() live.Page {
	return live.Page{Path: "/", Title: "Home", Nav: "Home", Key: "h", Files: live.Folder(files, "pages"), Data: l.view}
}

// panel is one of the lab's own, for the slots of other rooms.
func (l *Lab) panel(template string, data func(*http.Request) any) live.Panel {
	return live.Panel{Files: live.Folder(files, "panels"), Template: template, Data: data}
}

// view is what the lab's page and panels show.
type view struct {
	Resource  resource.Snapshot
	Settings  config.Settings
	Tag       string
	Children  int
	MinDemand string // as it is typed
	Link      string

	Distributions []string
}

var minDemand, _ = config.Lookup("pipeline.min_demand")

func (l *Lab) view(r *http.Request) any {
	s, tree := l.Settings(), l.Tree()
	return view{
		Resource:      l.mock.Snapshot(),
		Settings:      s,
		Tag:           tag(s),
		Children:      len(tree.Children),
		MinDemand:     minDemand.String(s),
		Link:          l.link(r.URL.Path),
		Distributions: resource.Distributions(),
	}
}
