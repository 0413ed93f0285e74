package part2

import (
	"embed"
	"net/http"

	"github.com/affluxlab/afflux/internal/live"
)

//go:embed pages panels
var files embed.FS

// Page is /part2. Its slot "part2/controls" is for whoever changes settings. It
// needs the [Part.Values] and [Part.Panels] to be watched and shared.
func (p *Part) Page() live.Page {
	return live.Page{Path: "/part2", Title: "Part 2", Nav: "Part 2", Key: "2", Files: live.Folder(files, "pages"), Data: p.data}
}

func (p *Part) data(*http.Request) any {
	return struct{ Averages any }{averages}
}

// notices are what is out of the ordinary.
type notices struct {
	Running     bool // the resource
	SwitchingTo Kind
	Intake      Intake
	Paused      bool
}

func (p *Part) notices() notices {
	s := p.Snapshot()
	return notices{p.mock.Running(), s.SwitchingTo, intake(&s.OutletSnapshot), s.Paused}
}

// averages are the ways to say how long events take, beside the workshop's.
var averages = []struct{ Name, Label, Note string }{
	{"avg_reset", "Since the reset", "all events"},
	{"avg_last", "Last 100", "events"},
	{"avg_window", "Last 10 s", "what ended in them"},
	{"avg_weighted", "Weighted", "the newest count most"},
}

// Panels are the pieces of the page that are drawn once for all who look at it.
func (p *Part) Panels() []live.SharedPanel {
	share := func(name string, data func() any) live.SharedPanel {
		return live.SharedPanel{Page: "/part2", Name: "part2/" + name, Panel: live.Panel{
			Files: live.Folder(files, "panels"), Template: name + "-panel", Data: func(*http.Request) any { return data() },
		}}
	}
	return []live.SharedPanel{
		share("notices", func() any { return p.notices() }),
		share("flow", func() any { return p.flow() }),
		share("latency", func() any { return p.latencies() }),
		share("consumers", func() any { return p.fairness() }),
	}
}
