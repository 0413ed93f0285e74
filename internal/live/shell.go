package live

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shell is what the shell template is drawn with.
type shell struct {
	Title    string
	Window   string // the time that charts show
	Drawn    int64  // when, in Unix milliseconds: what happens later is not on the page
	Spread   int    // over how many milliseconds viewers fetch the page anew when something has changed
	Path     string
	Nav      []navItem
	Bare     bool // no nav, no strip: the login
	Page     any
	Problems []problem
	Assets   bool   // third-party files are there: the module can merge
	Build    string // changes with the static files
	Refresh  bool   // drawn anew by the browser every second
	Toggle   string // this page's address with that switched over
}

type navItem struct {
	Path, Word, Key string
	Current         bool
}

// problem is one line of the summary over a page with a refused form.
type problem struct{ Name, Text string }

// buffers are reused between drawings.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	refused, ok := refusalOf(r)
	if !ok {
		refused.status = http.StatusOK
	}
	p.draw(w, r, refused.status, refused.form)
}

// draw answers with the page. It is drawn in full before the first byte is sent, so that a
// failure is a 500 and never half a page.
func (p *page) draw(w http.ResponseWriter, r *http.Request, code int, form Form) {
	data := p.ask(r)
	if s, ok := data.(status); ok && code == http.StatusOK {
		code = s.Status()
	}
	out := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(out)
	out.Reset()
	v := newView(p.site, r, r.URL.Path)
	v.form = form
	if err := p.sheet.draw(out, "shell", p.shell(r, data, form), v); err != nil {
		p.site.log.Error("page not drawn", "path", r.URL.Path, "err", err)
		http.Error(w, "this page could not be drawn; the log says why", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(out.Bytes()) // the visitor left: nobody to tell
}

func (p *page) shell(r *http.Request, data any, form Form) shell {
	refresh := r.URL.Query().Get("refresh") == "1"
	return shell{
		Title:    p.title(data),
		Window:   windowOf(r).Name,
		Drawn:    time.Now().UnixMilli(),
		Spread:   spread(p.site.Viewers()),
		Path:     r.URL.Path,
		Nav:      p.site.nav(p),
		Bare:     p == p.site.login,
		Page:     data,
		Problems: problems(form),
		Assets:   AssetsBuilt(),
		Build:    p.site.files.build,
		Refresh:  refresh,
		Toggle:   toggled(r, refresh),
	}
}

func (p *page) title(data any) string {
	if own, ok := data.(titled); ok {
		return cmp.Or(own.PageTitle(), p.Title)
	}
	return p.Title
}

// spread keeps the pages drawn for an audience of any size to a hundred a second.
func spread(viewers int) int { return min(max(100, 10*viewers), 10_000) }

func (s *Site) nav(current *page) []navItem {
	var items []navItem
	for _, p := range s.order {
		if p.Nav != "" {
			items = append(items, navItem{p.Path, p.Nav, p.Key, p == current})
		}
	}
	return items
}

// toggled is the page's address with refresh=1 added or taken away.
func toggled(r *http.Request, refresh bool) string {
	query := r.URL.Query()
	if refresh {
		query.Del("refresh")
	} else {
		query.Set("refresh", "1")
	}
	return strings.TrimSuffix(r.URL.EscapedPath()+"?"+query.Encode(), "?")
}

// problems are sorted by field; what is wrong with the form as a whole comes first.
func problems(f Form) []problem {
	list := make([]problem, 0, len(f.Errors))
	for name, text := range f.Errors {
		list = append(list, problem{name, text})
	}
	slices.SortFunc(list, func(a, b problem) int { return strings.Compare(a.Name, b.Name) })
	return list
}
