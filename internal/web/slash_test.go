package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/web"
)

// withSlashes is a server with a page of each form.
func withSlashes(t *testing.T, token string) http.Handler {
	t.Helper()
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
	}
	return newServer(t, func(c *web.Config) {
		c.Token, c.Login = token, func(w http.ResponseWriter, _ *http.Request, status int, _ string) { w.WriteHeader(status) }
		c.Routes = append(c.Routes,
			web.Route{Method: "GET", Path: "/{$}", Class: web.Page, Handler: ok},
			web.Route{Method: "GET", Path: "/page/work", Class: web.Work, Handler: ok},
			web.Route{Method: "GET", Path: "/deep", Class: web.Page, Handler: ok},
			web.Route{Method: "GET", Path: "/deep/{path...}", Class: web.Page, Handler: say("below")},
			web.Route{Method: "GET", Path: "/own", Class: web.Page, Handler: ok},
			web.Route{Method: "GET", Path: "/own/{$}", Class: web.Page, Handler: say("with a slash")},
			web.Route{Method: "POST", Path: "/form", Class: web.Page, Handler: ok})
	}).Handler()
}

func askLocally(h http.Handler, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAPageIsFoundWithASlashTooMany(t *testing.T) {
	h := withSlashes(t, "")
	for request, to := range map[string]string{
		"GET /page/":           "/page",
		"HEAD /page/":          "/page",
		"GET /page/?a=1&b=%2F": "/page?a=1&b=%2F",
		"GET /page/?":          "/page",
		"GET /deep/":           "/deep",
		"GET /deep/?x=//evil":  "/deep?x=//evil",
	} {
		method, target, _ := strings.Cut(request, " ")
		w := askLocally(h, method, target)
		if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != to {
			t.Errorf("%s: %d to %q, want %q", request, w.Code, got, to)
		}
	}
}

func TestNothingElseLosesItsSlash(t *testing.T) {
	h := withSlashes(t, "")
	for request, want := range map[string]int{
		"GET /page":        200,
		"GET /":            200,
		"GET /page/work":   200,
		"GET /page/work/":  404, // a tool that loads it must not measure redirects
		"GET /work/":       404,
		"GET /page/below/": 404,
		"GET /deep/below/": 200,
		"GET /own/":        200, // the room has said what that is
		"GET /nowhere/":    404,
		"POST /page/":      405,
		"POST /form/":      404,
		"GET /livez/":      404,
	} {
		method, target, _ := strings.Cut(request, " ")
		if w := askLocally(h, method, target); w.Code != want {
			t.Errorf("%s: %d to %q, want %d", request, w.Code, w.Header().Get("Location"), want)
		}
	}
}

func TestTheSlashTooManyStandsBehindTheGuards(t *testing.T) {
	h := withSlashes(t, "0123456789abcdefghij")
	w := askLocally(h, "GET", "/page/")
	if w.Code != http.StatusUnauthorized || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("without the token: %d %v", w.Code, w.Header())
	}
}
