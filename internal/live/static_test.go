package live_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

func TestStaticFilesAreAskedForAgainAndSeldomSentAgain(t *testing.T) {
	site, d := newDemo(t)
	pages := mux(site, d)
	for name, kind := range map[string]string{
		"afflux.css": "text/css; charset=utf-8", "afflux.js": "text/javascript; charset=utf-8",
		"theme.js": "text/javascript; charset=utf-8", "mark.svg": "image/svg+xml",
	} {
		w := get(t, pages, "/static/"+name)
		want, err := os.ReadFile("own/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "no-cache" || w.Body.String() != string(want) {
			t.Errorf("%s: answered %d with %v", name, w.Code, w.Header())
		}
		r := httptest.NewRequest(http.MethodGet, "/static/"+name, nil)
		r.Header.Set("If-None-Match", w.Header().Get("ETag"))
		again := httptest.NewRecorder()
		pages.ServeHTTP(again, r)
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s: answered %d to its own ETag", name, again.Code)
		}
	}
}

func TestNothingElseIsServedBelowStatic(t *testing.T) {
	site, d := newDemo(t)
	routes := site.Routes()
	static := routes[len(routes)-1]
	for _, path := range []string{"", "nothing.css", "borrowed/README", "README", "../site.go", "own/../../site.go", "/etc/passwd", "..%2fsite.go", "own"} {
		r := httptest.NewRequest(http.MethodGet, "/static/x", nil)
		r.SetPathValue("path", path)
		w := httptest.NewRecorder()
		static.Handler(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%q: answered %d", path, w.Code)
		}
	}
	if w := get(t, mux(site, d), "/static/..%2f..%2fgo.mod"); w.Code != http.StatusNotFound {
		t.Errorf("answered %d to a climb", w.Code)
	}
}
