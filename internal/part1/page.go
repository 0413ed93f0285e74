package part1

import (
	"embed"
	"net/http"
	"slices"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/resource"
)

//go:embed pages panels
var files embed.FS

// Page is /part1. Its slot "part1/controls" is for whoever changes settings. It
// needs the [Part.Values] and [Part.Panels] to be watched and shared.
func (p *Part) Page() live.Page {
	return live.Page{Path: "/part1", Title: "Part 1", Nav: "Part 1", Key: "1", Files: live.Folder(files, "pages"), Data: p.data}
}

// measures are the ways to say how many are in flight, as ?gauge= names them.
var measures = []struct{ Name, Label, Note string }{
	{"now", "Now", "in flight at this moment"},
	{"workshop", "As the workshop measures it", "mean of 11 samples, 20 ms apart"},
	{"held", "Held peak", "highest moment of the last 10 s"},
	{"max", "Maximum", "highest moment since the reset"},
}

func (p *Part) data(r *http.Request) any {
	s, gauge := p.mock.Snapshot(), 0
	for i, m := range measures {
		if r.URL.Query().Get("gauge") == m.Name {
			gauge = i
		}
	}
	return struct {
		resource.Snapshot
		Naive    bool
		Status   int64
		Measures any
		Gauge    any
		Workshop bool
		Columns  []string
	}{s, s.Settings.Admission == resource.Naive, p.status.Load(), slices.Clone(measures), measures[gauge], measures[gauge].Name == "workshop", endpointColumns}
}
