package part1

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/resource"
)

//go:embed pages
var pages embed.FS

// Page is /part1. Its slot "part1/controls" is for whoever changes settings.
func (p *Part) Page() live.Page {
	files, err := fs.Sub(pages, "pages")
	if err != nil {
		panic(err) // the embedded folder has that name
	}
	return live.Page{Path: "/part1", Title: "Part 1", Nav: "Part 1", Key: "1", Files: files, Data: p.data}
}

func (p *Part) data(*http.Request) any {
	s := p.mock.Snapshot()
	return struct {
		resource.Snapshot
		Open   int
		Naive  bool
		Status int64
	}{s, p.Open(), s.Settings.Admission == resource.Naive, p.status.Load()}
}
