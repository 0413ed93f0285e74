package pipelines

import (
	"embed"
	"fmt"
	"net/http"
	"strings"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

//go:embed pages panels
var files embed.FS

// Page is /stage. It needs the [Board.Panels] to be shared.
func (b *Board) Page() live.Page {
	return live.Page{Path: "/stage", Title: "Stages", Nav: "Stages", Key: "s", Calm: true, Files: live.Folder(files, "pages"),
		Data: func(*http.Request) any { return glossary() }}
}

// Panels are the pieces of the page that are drawn once for all who look at it.
func (b *Board) Panels() []live.SharedPanel {
	share := func(name string, data func() any) live.SharedPanel {
		return live.SharedPanel{Page: "/stage", Name: "stage/" + name, Panel: live.Panel{
			Files: live.Folder(files, "panels"), Template: name + "-panel", Data: func(*http.Request) any { return data() },
		}}
	}
	return []live.SharedPanel{
		share("summary", func() any { return summary(b.cfg.Pipelines()) }),
		share("pipelines", func() any { return b.shown() }),
	}
}

// mostPipelines is how many the page shows.
const mostPipelines = 10

// all is what the page shows.
type all struct {
	Pipelines []shown
	Hidden    int
}

// shown is a pipeline on the page.
type shown struct {
	ID, Name, Facts string
	Most            string // where most waits
	Flow            live.Flow
	Notes           []string
	Tables          []table
}

func (b *Board) shown() all {
	now := b.cfg.Pipelines()
	b.rates.forget(now)
	a := all{Hidden: max(0, len(now)-mostPipelines)}
	href := b.cfg.Hrefs()
	for i := range now[:len(now)-a.Hidden] {
		p := &now[i]
		id := fmt.Sprintf("pipeline-%d", i+1)
		a.Pipelines = append(a.Pipelines, show(p, &painter{id, href, b.rates.of(p)}))
	}
	return a
}

func show(p *Pipeline, with *painter) shown {
	s := &p.Snapshot
	g := newGraph(s)
	f := g.fold()
	return shown{
		ID: with.id, Name: p.Name, Facts: facts(s), Most: g.most(), Notes: f.notes(),
		Flow:   with.draw(f, p.Name+": "+size(s)),
		Tables: tables(g, with.seen, with.href),
	}
}

// facts are a pipeline's in a line.
func facts(s *stage.Snapshot) string {
	text := size(s) + "; " + many(inSystem(s), "event") + " in the system"
	if n := gathered(s); n > 0 {
		text += ", " + whole(n) + " in batches"
	}
	return text
}

// gathered is what is in batches: done for the outlet that it came from, and in no other yet.
func gathered(s *stage.Snapshot) (n int) {
	for i := range s.Stages {
		n += s.Stages[i].Gathered
	}
	return n
}

func inSystem(s *stage.Snapshot) (n int) {
	for i := range s.Outlets {
		n += s.Outlets[i].InSystem()
	}
	return n
}

func size(s *stage.Snapshot) string {
	return many(len(s.Outlets), "outlet") + ", " + many(len(s.Stages), "stage")
}

func many(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return live.Count(uint64(n)).Text + " " + what
}

// notes say what the picture leaves out and what it cannot know.
func (f *folded) notes() (lines []string) {
	if len(f.hidden) > 0 {
		lines = append(lines, fmt.Sprintf("A column has room for %d nodes, the picture for %d columns. Drawn together: %s; /api/v1/stages has each of them.", mostInOne, mostColumns, someNames(f.hidden)))
	}
	if f.lost > 0 {
		lines = append(lines, fmt.Sprintf("Not drawn: %s; /api/v1/stages has them.", many(f.lost, "further edge")))
	}
	for _, a := range f.arrows {
		if len(a.edges) == 1 && a.edges[0].sub == nil && len(a.edges[0].to.outlet.FedBy) > 1 {
			lines = append(lines, "Where several stages feed one outlet only their sum is known: each is drawn with the same share.")
			break
		}
	}
	return lines
}

// mostNames is how many names a note tells.
const mostNames = 5

func someNames(nodes []*node) string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.name
	}
	return someOf(names)
}

// someOf are the first of many names, and how many more there are.
func someOf(names []string) string {
	if more := len(names) - mostNames; more > 0 {
		return strings.Join(names[:mostNames], ", ") + " and " + whole(more) + " more"
	}
	return strings.Join(names, ", ")
}

// summary is the page in a sentence.
func summary(now []Pipeline) string {
	if len(now) == 0 {
		return "No pipeline is there."
	}
	events := 0
	for i := range now {
		events += inSystem(&now[i].Snapshot)
	}
	return fmt.Sprintf("%s, with %s in the system.", many(len(now), "pipeline"), many(events, "event"))
}
