package live

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/affluxlab/afflux/internal/web"
)

//go:embed templates
var templates embed.FS

// Config says what a site is made of.
type Config struct {
	Log     *slog.Logger     // where failed drawings are told; nil: nowhere
	Token   bool             // the lab asks for a token: the lines to copy say where it goes
	Viewers int              // how many may watch the stream at one time
	Past    Past             // numbers for the charts' tables; nil: their tables are empty without scripts
	Funcs   template.FuncMap // further functions for all templates; must not reuse a name of this package
}

// Site draws pages. Pages and panels are added before its routes are served; from then
// on it does not change and is safe for concurrent use.
type Site struct {
	log    *slog.Logger
	token  bool
	funcs  template.FuncMap
	shared *template.Template // shell and components; cloned, never executed
	pages  map[string]*page   // by path
	order  []*page            // as added: the order of the top bar
	finder *http.ServeMux     // leads a refused form back to its page
	slots  map[string][]drawable
	shares []*share
	values map[string]Values
	told   told
	past   Past
	stream *stream
	files  assets
	login  *page
}

// New returns a site without pages.
func New(cfg Config) (*Site, error) {
	funcs, err := functions(cfg.Funcs)
	if err != nil {
		return nil, err
	}
	shared, err := sharedTemplates(funcs)
	if err != nil {
		return nil, err
	}
	files, err := readAssets()
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	s := &Site{
		log:    cfg.Log,
		token:  cfg.Token,
		funcs:  funcs,
		shared: shared,
		pages:  map[string]*page{},
		finder: http.NewServeMux(),
		slots:  map[string][]drawable{},
		values: map[string]Values{},
		past:   cfg.Past,
		files:  files,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.stream = newStream(s.log, cfg.Viewers)
	s.stream.feeds = []Feed{{Event: "values", Every: 250 * time.Millisecond, Read: s.tellValues}}
	loginFiles, err := fs.Sub(templates, "templates/login")
	if err != nil {
		return nil, err
	}
	s.login, err = s.newPage(Page{Path: "/login", Title: "Sign in", Files: loginFiles})
	return s, err
}

// Add declares a page. It fails when the path is taken or the templates do not parse.
func (s *Site) Add(p Page) error {
	if !strings.HasPrefix(p.Path, "/") {
		return fmt.Errorf("page %q: a path begins with a slash", p.Path)
	}
	if _, taken := s.pages[p.Path]; taken {
		return fmt.Errorf("page %s is declared twice", p.Path)
	}
	added, err := s.newPage(p)
	if err != nil {
		return err
	}
	s.pages[p.Path] = added
	s.order = append(s.order, added)
	s.finder.HandleFunc(pattern(p.Path), added.serve)
	return nil
}

func (s *Site) newPage(p Page) (*page, error) {
	sheet, err := s.newSheet(p.Files, "page")
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", p.Path, err)
	}
	return &page{drawable: drawable{sheet, "shell", p.Data}, Page: p, site: s}, nil
}

// Fill puts a panel into the slot of that name; {{slot "name"}} in a template shows it.
// Several panels of one slot follow each other in the order they were filled. A panel
// whose templates do not parse is a mistake of the program and panics, as a bad pattern
// does in [http.ServeMux.Handle].
func (s *Site) Fill(slot string, p Panel) {
	sheet, err := s.newSheet(p.Files, p.Template)
	if err != nil {
		panic(fmt.Sprintf("live: panel %s for slot %s: %v", p.Template, slot, err))
	}
	s.slots[slot] = append(s.slots[slot], drawable{sheet, p.Template, p.Data})
}

// Knows reports whether a page is served at that path, which may carry a query: what a
// form's hidden "back" is checked with.
func (s *Site) Knows(path string) bool {
	_, err := s.find(path)
	return err == nil
}

// Tell adds a feed to the stream.
func (s *Site) Tell(f Feed) { s.stream.feeds = append(s.stream.feeds, f) }

// Serve makes the frames of the stream until ctx ends, and returns its cause. Those
// who watch stay, and are told nothing until it runs again.
func (s *Site) Serve(ctx context.Context) error { return s.stream.serve(ctx, s.changedPanels) }

// Viewers returns how many watch the stream now.
func (s *Site) Viewers() int { return s.stream.watching() }

// Routes returns the routes of the pages, of the stream and of the static files.
func (s *Site) Routes() []web.Route {
	routes := make([]web.Route, 0, len(s.order)+2)
	for _, p := range s.order {
		routes = append(routes, web.Route{
			Method: http.MethodGet, Path: pattern(p.Path), Class: web.Page, Handler: p.serve,
		})
	}
	return append(routes,
		web.Route{Method: http.MethodGet, Path: "/api/v1/stream", Class: web.Stream, Handler: s.serveStream, Doc: s.streamDoc()},
		web.Route{Method: http.MethodGet, Path: "/static/{path...}", Class: web.Open, Handler: s.files.serve})
}

// pattern is the path as a ServeMux pattern that matches nothing below it.
func pattern(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}

// errNoPage is returned by find for a path that no page has.
var errNoPage = errors.New("no such page")
