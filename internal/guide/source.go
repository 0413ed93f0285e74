package guide

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// address is where a path of the repository is shown.
func address(name string) string {
	if name == "" {
		return "/source"
	}
	return "/source/" + (&url.URL{Path: name}).EscapedPath()
}

// crumb is one step of the way to a path.
type crumb struct {
	link
	Here bool
}

func crumbs(name string) []crumb {
	steps := []crumb{{link{"source", address("")}, name == ""}}
	for i, c := range name {
		if c == '/' {
			steps = append(steps, crumb{link{path.Base(name[:i]), address(name[:i])}, false})
		}
	}
	if name != "" {
		steps = append(steps, crumb{link{path.Base(name), address(name)}, true})
	}
	return steps
}

// missing is a path that is not there.
type missing struct {
	Path  string
	Above link   // the nearest folder that is there
	Alike []link // files of that name elsewhere
}

func (g *Guide) source(r *http.Request) any {
	name := strings.TrimSuffix(r.PathValue("path"), "/")
	if f := g.repository.files[name]; f != nil {
		return g.file(r, f)
	}
	if f := g.repository.folders[name]; f != nil {
		return view{Crumbs: crumbs(name), Folder: f}
	}
	return view{Missing: g.repository.missing(name)}
}

func (g *Guide) file(r *http.Request, f *file) view {
	v := view{Crumbs: crumbs(f.path)}
	switch plain := r.URL.Query().Get("plain") != ""; {
	case !isDocument(f.path):
		v.Code = f.code()
	case plain:
		v.Code = f.code()
		v.Other = &link{"Show it as a document", address(f.path)}
	default:
		d := f.document()
		v.Title, v.Document = d.Title, d.shown(r)
		v.Other = &link{"Show its text", address(f.path) + "?plain=1"}
	}
	v.Notes = []string{count(lines(f.text()), "line")}
	return v
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// missing says what there is instead of a path, which may be anything.
func (r *repository) missing(name string) *missing {
	m := &missing{Path: name}
	above := name
	for r.folders[above] == nil {
		above = strings.TrimRight(above[:max(strings.LastIndexByte(above, '/'), 0)], "/")
	}
	m.Above = link{strings.TrimPrefix(above+"/", "/"), address(above)}
	for _, steps := range slices.Sorted(maps.Keys(r.files)) {
		if path.Base(steps) == path.Base(name) && len(m.Alike) < mostAlike {
			m.Alike = append(m.Alike, link{steps, address(steps)})
		}
	}
	return m
}

// mostAlike is how many files of the same name a missing one is answered with.
const mostAlike = 8
