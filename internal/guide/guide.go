package guide

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/affluxlab/afflux/internal/live"
)

//go:embed pages
var templates embed.FS

// workshop is the document that /guide shows.
const workshop = "docs/workshop.md"

// Guide is the room.
type Guide struct {
	repository *repository
}

// New looks which files the repository has. It fails when that cannot be told, or when the
// workshop's guide, docs/workshop.md, is not among them.
func New(files fs.FS) (*Guide, error) {
	repository, err := read(files)
	if err != nil {
		return nil, fmt.Errorf("read the source: %w", err)
	}
	if repository.files[workshop] == nil {
		return nil, fmt.Errorf("the guide %s is missing: %w", workshop, fs.ErrNotExist)
	}
	return &Guide{repository}, nil
}

// Pages are /guide, /source and what is below it.
func (g *Guide) Pages() []live.Page {
	files := live.Folder(templates, "pages")
	return []live.Page{
		{Path: "/guide", Title: "Guide", Nav: "Guide", Key: "u", Files: files, Data: g.guide},
		{Path: "/source", Title: "Source", Files: files, Data: g.source},
		{Path: "/source/{path...}", Title: "Source", Files: files, Data: g.source},
	}
}

// view is what the pages are drawn with; one of the pointers says what is shown.
type view struct {
	Title    string
	Crumbs   []crumb
	Notes    []string
	Other    *link // the other way to look at it
	Document *shownDocument
	Code     *code
	Folder   *folder
	Missing  *missing
}

// PageTitle is the path that is shown; none for the guide itself.
func (v view) PageTitle() string {
	switch last := len(v.Crumbs) - 1; {
	case v.Missing != nil:
		return "Not found: " + v.Missing.Path
	case last > 0:
		return strings.TrimPrefix(v.Crumbs[last].Href, "/source/")
	}
	return ""
}

// Status is that of the answer.
func (v view) Status() int {
	if v.Missing != nil {
		return http.StatusNotFound
	}
	return http.StatusOK
}

// link leads somewhere by a word.
type link struct{ Word, Href string }

func (g *Guide) guide(r *http.Request) any {
	d := g.repository.files[workshop].document()
	return view{Title: d.Title, Document: d.shown(r)}
}
