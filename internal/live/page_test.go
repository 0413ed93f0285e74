package live_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/affluxlab/afflux/internal/live"
)

func TestAPageIsDrawnInsideTheShell(t *testing.T) {
	site, d := newDemo(t)
	w := get(t, mux(site, d), "/part1")
	body := w.Body.String()
	for _, want := range []string{
		"<title>Part 1 · Afflux</title>", `<a href="/part1" aria-current="page" data-key="1">Part 1</a>`,
		`<main id="main"`, "3,000", "afflux set --addr http://example.com 'resource.latency=", "resource.limit=<span data-typed>0</span>", "curl -X PATCH http://example.com/api/v1/settings",
		"&lt;script&gt;alert(1)", "No runs yet.",
	} {
		if !strings.Contains(body, want) && !strings.Contains(html.UnescapeString(body), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("answered %d with %v", w.Code, w.Header())
	}
}

func TestASlotShowsItsPanelsWithTheSameRequest(t *testing.T) {
	site, d := newDemo(t)
	body := get(t, mux(site, d), "/part2").Body.String()
	if !strings.Contains(body, "asked for /part2, none") || !strings.Contains(body, "500 ms constant") {
		t.Error("a panel is missing or knows another request")
	}
}

func TestARefusedFormKeepsItsEntriesAndSaysWhatIsWrong(t *testing.T) {
	site, d := newDemo(t)
	w := post(mux(site, d), "/settings", url.Values{
		"back": {"/part1"}, "resource.latency": {`"><script>`}, "resource.limit": {"15"},
	})
	body := w.Body.String()
	for _, want := range []string{
		`value="&#34;&gt;&lt;script&gt;"`, `aria-invalid="true"`, `aria-describedby="f-resource-latency-problem f-resource-latency-hint"`,
		`id="f-resource-latency-problem">not a duration`, `<a href="#f-resource-latency">resource.latency</a>`,
		"asked for /part1, 15", `data-path="/part1"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("answered %d", w.Code)
	}
	if strings.Contains(get(t, mux(site, d), "/part1").Body.String(), "not a duration") {
		t.Error("the refusal stuck to the page")
	}
}

func TestAFormThatCameFromNowhereIsRefusedInShortText(t *testing.T) {
	site, _ := newDemo(t)
	for _, back := range []string{"", "/nowhere", "//example.org/part1", "https://example.org/part1", "/x/../part1", "\x00"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/settings", nil)
		site.Refuse(w, r, back, http.StatusUnprocessableEntity, live.Form{Errors: map[string]string{"a": "is wrong"}})
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "a: is wrong") {
			t.Errorf("%q: answered %d %q", back, w.Code, w.Body)
		}
		if site.Knows(back) {
			t.Errorf("%q is taken for a page", back)
		}
	}
	if !site.Knows("/part1?refresh=1") || !site.Knows("/") {
		t.Error("a page is not known")
	}
}

func TestPagesThatCannotBeAreRefused(t *testing.T) {
	for name, p := range map[string]live.Page{
		"taken path":        {Path: "/part1", Files: one(`{{define "page"}}x{{end}}`)},
		"no slash":          {Path: "x", Files: one(`{{define "page"}}x{{end}}`)},
		"no files":          {Path: "/x"},
		"no page template":  {Path: "/x", Files: one(`{{define "other"}}x{{end}}`)},
		"no such function":  {Path: "/x", Files: one(`{{define "page"}}{{nothing}}{{end}}`)},
		"shell replaced":    {Path: "/x", Files: one(`{{define "page"}}x{{end}}{{define "field"}}y{{end}}`)},
		"cannot be escaped": {Path: "/x", Files: one(`{{define "page"}}<a href="{{if .}}"{{end}}>{{end}}`)},
	} {
		site, _ := newDemo(t)
		if site.Add(p) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAPageThatCannotBeDrawnIsAnErrorAndNeverHalfAPage(t *testing.T) {
	site, d := newDemo(t)
	if err := site.Add(live.Page{Path: "/x", Files: one(`{{define "page"}}half{{badge}}{{end}}{{define "y"}}{{end}}`)}); err == nil {
		t.Error("an unknown function was accepted")
	}
	if err := site.Add(live.Page{Path: "/x", Files: one(`{{define "page"}}half{{.Missing.Name}}{{template "mark" "red"}}{{end}}`)}); err != nil {
		t.Fatal(err)
	}
	w := get(t, mux(site, d), "/x")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "half") {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
}

type missing struct{}

func (missing) Status() int { return http.StatusNotFound }

func TestAPagesDataChoosesTheStatus(t *testing.T) {
	site, d := newDemo(t)
	err := site.Add(live.Page{Path: "/source/{path...}", Files: one(`{{define "page"}}none{{end}}`), Data: func(*http.Request) any { return missing{} }})
	if err != nil {
		t.Fatal(err)
	}
	if w := get(t, mux(site, d), "/source/a/b.go"); w.Code != http.StatusNotFound {
		t.Errorf("answered %d", w.Code)
	}
}

func TestTheLoginLeadsBackIntoThisSiteOnly(t *testing.T) {
	site, _ := newDemo(t)
	for back, want := range map[string]string{"/part1": "/part1", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example": "/", "": "/"} {
		w := httptest.NewRecorder()
		site.Login(w, httptest.NewRequest(http.MethodGet, "/login?back="+url.QueryEscape(back), nil), http.StatusUnauthorized, "that is not the token")
		body := w.Body.String()
		if w.Code != http.StatusUnauthorized || !strings.Contains(body, `name="back" value="`+want+`"`) || !strings.Contains(body, "that is not the token") {
			t.Errorf("%q: answered %d without a way back to %s", back, w.Code, want)
		}
		if strings.Contains(body, "<nav") {
			t.Error("the login has a nav")
		}
	}
}

func TestThePlainVariantRefreshesItself(t *testing.T) {
	site, d := newDemo(t)
	if body := get(t, mux(site, d), "/part1?refresh=1").Body.String(); !strings.Contains(body, `http-equiv="refresh" content="1"`) || !strings.Contains(body, `<a href="/part1">`) {
		t.Error("no refresh or no way out of it")
	}
	if body := get(t, mux(site, d), "/part1").Body.String(); strings.Contains(body, "http-equiv") || !strings.Contains(body, `/part1?refresh=1`) {
		t.Error("refreshes unasked or offers no refresh")
	}
}

func TestNoPageHoldsInlineScriptOrStyle(t *testing.T) {
	site, d := newDemo(t)
	login := httptest.NewRecorder()
	site.Login(login, httptest.NewRequest(http.MethodGet, "/login", nil), 200, "")
	refused := post(mux(site, d), "/settings", url.Values{"back": {"/part1"}, "resource.latency": {"soon"}})
	for _, w := range []*httptest.ResponseRecorder{get(t, mux(site, d), "/part1"), refused, login} {
		root, err := html.Parse(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for n := range root.Descendants() {
			if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
				t.Errorf("an inline <%s>", n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
				}
				if a.Key == "id" && ids[a.Val] {
					t.Errorf("the id %s is used twice", a.Val)
				}
				ids[a.Val] = ids[a.Val] || a.Key == "id"
			}
		}
	}
}
