package live

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"sync"
)

// sheet is a parsed set of templates. Functions that speak of the request at hand
// (entry, problem, back, slot) cannot be bound when a set is parsed, and cloning a set for
// every drawing would also repeat html/template's escaping. So a sheet keeps clones whose
// functions ask the clone's own view, and a drawing borrows one.
type sheet struct {
	clones sync.Pool // of *clone
}

// clone is one copy of a set; one drawing at a time holds it.
type clone struct {
	set  *template.Template
	view *view
}

// newSheet parses a room's files together with the shared templates and makes sure that
// the template to be drawn is there and can be escaped.
func (s *Site) newSheet(files fs.FS, name string) (*sheet, error) {
	if files == nil {
		return nil, errors.New("no template files")
	}
	set, err := joined(s.shared, s.funcs, files)
	if err != nil {
		return nil, err
	}
	if set.Lookup(name) == nil {
		return nil, fmt.Errorf("no template %q among its files", name)
	}
	sh := &sheet{}
	sh.clones.New = func() any { return newClone(set) }
	return sh, sh.probe(s, name)
}

// joined returns the shared set with the templates of files added, refusing to replace any.
func joined(shared *template.Template, funcs template.FuncMap, files fs.FS) (*template.Template, error) {
	own, err := template.New("").Funcs(funcs).ParseFS(files, "*.html")
	if err != nil {
		return nil, err
	}
	set, err := shared.Clone()
	if err != nil {
		return nil, err
	}
	for _, t := range own.Templates() {
		if t.Tree == nil {
			continue // the root of the set, which has no name and no text
		}
		if set.Lookup(t.Name()) != nil {
			return nil, fmt.Errorf("template %q is the shell's: choose another name", t.Name())
		}
		if _, err := set.AddParseTree(t.Name(), t.Tree); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func newClone(set *template.Template) *clone {
	c := &clone{set: template.Must(set.Clone())}
	c.set.Funcs(c.functions())
	return c
}

// functions are those of the request: they ask the view that the clone draws at the moment.
func (c *clone) functions() template.FuncMap {
	return template.FuncMap{
		"entry":   func(name string, current any) string { return c.view.entry(name, current) },
		"problem": func(name string) string { return c.view.problem(name) },
		"back":    func() string { return c.view.back() },
		"origin":  func() string { return c.view.origin() },
		"target":  func() string { return c.view.target() },
		"bearer":  func() string { return c.view.bearer() },
		"slot":    func(name string) (template.HTML, error) { return c.view.slot(name) },
		"panel":   func(name string) (template.HTML, error) { return c.view.panel(name) },
		"shown":   func(live, value, exact any) (shown, error) { return c.view.shown(live, value, exact) },
		"window":  func() string { return windowOf(c.view.r).Name },
		"past":    func(series []any, floating any) (past, error) { return c.view.past(series, floating) },
	}
}

func (sh *sheet) draw(w io.Writer, name string, data any, v *view) error {
	c := sh.clones.Get().(*clone)
	c.view = v
	defer func() {
		c.view = nil
		sh.clones.Put(c)
	}()
	return c.set.ExecuteTemplate(w, name, data)
}

// probe draws without data, only to hear of templates that html/template cannot escape:
// it tells that at the first drawing, which would be too late.
func (sh *sheet) probe(s *Site, name string) error {
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Host: "localhost"}
	v := newView(s, r, "/")
	v.probing = true
	err := sh.draw(io.Discard, name, nil, v)
	if _, ok := errors.AsType[*template.Error](err); ok {
		return err
	}
	return nil
}

// sharedTemplates parses the shell and the components.
func sharedTemplates(funcs template.FuncMap) (*template.Template, error) {
	return template.New("").Funcs(funcs).ParseFS(templates, "templates/*.html")
}

// functions are all names a template may use; those of the request stand in for a clone's.
func functions(extra template.FuncMap) (template.FuncMap, error) {
	all := maps.Clone(formats)
	maps.Copy(all, (&clone{}).functions())
	for name, f := range extra {
		if _, taken := all[name]; taken {
			return nil, fmt.Errorf("template function %q is already defined", name)
		}
		all[name] = f
	}
	return all, nil
}
