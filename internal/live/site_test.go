package live_test

import (
	"embed"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/live"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Shared(m).Run()) }

//go:embed testdata
var testdata embed.FS

func folder(t testing.TB, name string) fs.FS {
	t.Helper()
	sub, err := fs.Sub(testdata, "testdata/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// demo is what the demo page shows; its settings can be changed while it is served.
type demo struct {
	mu       sync.Mutex // guards latency and limit
	latency  time.Duration
	limit    string
	inFlight atomic.Int64
}

type demoData struct {
	InFlight   int64
	Latency    time.Duration
	Limit      string
	Total      any
	Rows, None [][]any
	Tree       []live.Node
}

func (d *demo) data(*http.Request) any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return demoData{
		InFlight: d.inFlight.Load(), Latency: d.latency, Limit: d.limit,
		Rows: [][]any{{"consumer-1", "1,234", 994, "busy"}, {"consumer-2", "12", 0, "idle"}, {"<script>alert(1)</script>", "0", 0, "idle"}},
		Tree: []live.Node{{Name: "afflux", Note: "one_for_one", State: "running", Colour: "done", Children: []live.Node{
			{Name: "http", Note: "50 connections", State: "running", Colour: "done"},
			{Name: "part2", Href: "/part2", State: "running", Colour: "done", Children: []live.Node{
				{Name: "producer", Note: "buffer 0", State: "running", Colour: "done"},
				{Name: "consumer-1", Note: "inbox 994", State: "restarting", Colour: "answered"},
			}},
			{Name: "mock-resource", State: "stuck", Colour: "failed"},
		}}},
	}
}

func newDemo(t testing.TB) (*live.Site, *demo) {
	t.Helper()
	d := &demo{latency: 500 * time.Millisecond, limit: "0"}
	d.inFlight.Store(3000)
	site, err := live.New(live.Config{Viewers: 10})
	if err != nil {
		t.Fatal(err)
	}
	site.Watch(live.Values{Name: "demo", Read: func(put func(string, live.Value)) {
		put("in_flight", live.Count(uint64(d.inFlight.Load())))
	}})
	files := folder(t, "pages")
	for _, p := range []live.Page{
		{Path: "/", Title: "Home", Files: files, Data: d.data},
		{Path: "/part1", Title: "Part 1", Nav: "Part 1", Key: "1", Files: files, Data: d.data},
		{Path: "/part2", Title: "Part 2", Nav: "Part 2", Key: "2", Files: files, Data: d.data},
		{Path: "/observer", Title: "Observer", Nav: "Observer", Key: "o", Files: files, Data: d.data},
	} {
		if err := site.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	site.Fill("strip", live.Panel{Files: folder(t, "panels"), Template: "strip-panel", Data: d.data})
	site.Fill("extra", live.Panel{Files: folder(t, "panels"), Template: "extra-panel"})
	return site, d
}

// mux serves a site's routes and the forms of the demo.
func mux(site *live.Site, d *demo) *http.ServeMux {
	m := http.NewServeMux()
	for _, r := range site.Routes() {
		m.HandleFunc(r.Method+" "+r.Path, r.Handler)
	}
	m.HandleFunc("POST /settings", func(w http.ResponseWriter, r *http.Request) {
		back := r.FormValue("back")
		if typed := r.PostForm.Get("resource.latency"); typed != "" {
			latency, err := time.ParseDuration(typed)
			if err != nil {
				site.Refuse(w, r, back, http.StatusUnprocessableEntity, live.Form{
					Values: r.PostForm,
					Errors: map[string]string{"resource.latency": "not a duration: write 500ms or 2s"},
				})
				return
			}
			d.mu.Lock()
			d.latency = latency
			d.mu.Unlock()
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
	})
	return m
}

func get(t testing.TB, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

func post(h http.Handler, target string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func one(text string) fs.FS {
	return fstest.MapFS{"a.html": &fstest.MapFile{Data: []byte(text)}}
}
