package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/web"
)

const secret = "a-token-longer-than-32-bytes-as-afflux-token-makes-them"

// oneOfEach has a route of every class, taking GET and POST.
func oneOfEach(t testing.TB, change func(*web.Config)) *web.Server {
	t.Helper()
	cfg := web.Config{
		Login: func(w http.ResponseWriter, _ *http.Request, status int, problem string) {
			web.Text(w, status, "form "+problem)
		},
	}
	for path, class := range map[string]web.Class{"/work": web.Work, "/page": web.Page, "/api/v1/thing": web.API, "/open": web.Open} {
		for _, method := range []string{"GET", "POST"} {
			cfg.Routes = append(cfg.Routes, web.Route{Method: method, Path: path, Class: class, Doc: web.Doc{Summary: "Thing"}, Handler: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, "OK")
			}})
		}
	}
	if change != nil {
		change(&cfg)
	}
	s, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask makes a request of "METHOD /path" with headers given as "Name: value".
func ask(h http.Handler, request string, headers ...string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(request, " ")
	r := httptest.NewRequest(method, path, nil)
	r.Host = "localhost"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var classes = []string{"/work", "/page", "/api/v1/thing", "/open"}

func TestEveryGuardStandsBeforeTheClassesItIsFor(t *testing.T) {
	for _, c := range []struct {
		name, method string
		headers      []string
		token        bool
		want         [4]int // work, page, api, open
	}{
		{"plain", "GET", nil, false, [4]int{200, 200, 200, 200}},
		{"foreign host", "GET", []string{"Host: evil.example"}, false, [4]int{421, 421, 421, 421}},
		{"open bracket", "GET", []string{"Host: [::1"}, false, [4]int{421, 421, 421, 421}},
		{"more behind a bracket", "GET", []string{"Host: [::1].evil.example"}, false, [4]int{421, 421, 421, 421}},
		{"cross-site GET", "GET", []string{"Sec-Fetch-Site: cross-site"}, false, [4]int{403, 200, 200, 200}},
		{"same-site GET", "GET", []string{"Sec-Fetch-Site: same-site"}, false, [4]int{403, 200, 200, 200}},
		{"same-origin POST", "POST", []string{"Sec-Fetch-Site: same-origin"}, false, [4]int{200, 200, 200, 200}},
		{"typed in", "GET", []string{"Sec-Fetch-Site: none"}, false, [4]int{200, 200, 200, 200}},
		{"cross-site POST", "POST", []string{"Sec-Fetch-Site: cross-site"}, false, [4]int{403, 403, 403, 403}},
		{"foreign origin GET", "GET", []string{"Origin: http://evil.example"}, false, [4]int{403, 200, 200, 200}},
		{"foreign origin POST", "POST", []string{"Origin: http://evil.example"}, false, [4]int{403, 403, 403, 403}},
		{"null origin POST", "POST", []string{"Origin: null"}, false, [4]int{403, 403, 403, 403}},
		{"own origin POST", "POST", []string{"Origin: http://localhost"}, false, [4]int{200, 200, 200, 200}},
		{"no token", "GET", nil, true, [4]int{401, 401, 401, 200}},
		{"no token, browser", "GET", []string{"Accept: text/html"}, true, [4]int{401, 303, 401, 200}},
		{"no token, browser's form", "POST", []string{"Accept: text/html"}, true, [4]int{401, 401, 401, 200}},
		{"wrong token", "GET", []string{"Authorization: Bearer wrong"}, true, [4]int{401, 401, 401, 200}},
		{"long wrong token", "GET", []string{"Authorization: Bearer " + strings.Repeat("x", 300)}, true, [4]int{401, 401, 401, 200}},
		{"token", "GET", []string{"Authorization: bearer " + secret}, true, [4]int{200, 200, 200, 200}},
		{"forged cookie", "GET", []string{"Cookie: afflux_session=" + strings.Repeat("A", 54)}, true, [4]int{401, 401, 401, 200}},
		{"token, foreign host", "GET", []string{"Host: evil.example", "Authorization: Bearer " + secret}, true, [4]int{421, 421, 421, 421}},
		{"no token, cross-site", "POST", []string{"Sec-Fetch-Site: cross-site"}, true, [4]int{401, 401, 401, 403}},
	} {
		h := oneOfEach(t, func(cfg *web.Config) {
			if c.token {
				cfg.Token = secret
			}
		}).Handler()
		for i, path := range classes {
			w := ask(h, c.method+" "+path, c.headers...)
			if w.Code != c.want[i] {
				t.Errorf("%s, %s: %d, want %d", c.name, path, w.Code, c.want[i])
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s, %s: 401 without WWW-Authenticate", c.name, path)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s, %s: no nosniff", c.name, path)
			}
		}
	}
}

func TestAWildcardAddressIsNotAHostName(t *testing.T) {
	s := oneOfEach(t, func(cfg *web.Config) { cfg.Hosts = []string{"lab.example:4000"} })
	l, err := web.Listen("0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.Bind(l)
	for host, want := range map[string]int{"0.0.0.0": 421, "[::]": 421, "lab.example": 200, "127.0.0.1": 200} {
		if w := ask(s.Handler(), "GET /open", "Host: "+host); w.Code != want {
			t.Errorf("%s: %d, want %d", host, w.Code, want)
		}
	}
}

func TestFailuresAreProblemsUnderTheAPIAndShortTextElsewhere(t *testing.T) {
	h := oneOfEach(t, nil).Handler()
	for request, want := range map[string]string{
		"GET /api":             "404 text/plain; charset=utf-8",
		"GET /api/":            "404 application/problem+json",
		"GET /api/v2/nowhere":  "404 application/problem+json",
		"DELETE /api/v1/thing": "405 application/problem+json",
		"DELETE /page":         "405 text/plain; charset=utf-8",
		"GET /nowhere":         "404 text/plain; charset=utf-8",
	} {
		w := ask(h, request)
		if got := fmt.Sprint(w.Code, " ", w.Header().Get("Content-Type")); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

func TestOnlyOneJSONValueOfAKnownTypeIsRead(t *testing.T) {
	for _, c := range []struct {
		mediaType, body string
		want            int
	}{
		{"application/json", `{"a":1}`, 200},
		{"application/json; charset=utf-8", `{"a":1} `, 200},
		{"application/merge-patch+json", `{"a":1}`, 415},
		{"", `{"a":1}`, 415},
		{"application/json", `{"a":`, 400},
		{"application/json", ``, 400},
		{"application/json", `{"a":1}{"a":2}`, 400},
		{"application/json", `{"a":1}]`, 400},
		{"application/json", `"` + strings.Repeat("x", web.MaxBody) + `"`, 413},
	} {
		r := httptest.NewRequest("POST", "/api/v1/thing", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.mediaType)
		w := httptest.NewRecorder()
		var got any
		if ok := web.ReadJSON(w, r, &got); ok != (c.want == 200) || w.Code != c.want {
			t.Errorf("%s %.20q: %v, %d, want %d", c.mediaType, c.body, ok, w.Code, c.want)
		}
	}
}

func TestAStructTakesNoUnknownFields(t *testing.T) {
	r := httptest.NewRequest("POST", "/api/v1/thing", strings.NewReader(`{"b":1}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if web.ReadJSON(w, r, &struct{ A int }{}) || w.Code != 400 {
		t.Errorf("%d", w.Code)
	}
}

func TestATableWithARowOfNoClassIsRefused(t *testing.T) {
	_, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Routes: []web.Route{{Method: "GET", Path: "/a", Class: 9, Handler: func(http.ResponseWriter, *http.Request) {}}}})
	if err == nil || !strings.Contains(err.Error(), "GET /a") {
		t.Error(err)
	}
}
