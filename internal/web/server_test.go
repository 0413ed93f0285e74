package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/internal/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newServer(t testing.TB, change func(*web.Config)) *web.Server {
	t.Helper()
	cfg := web.Config{
		Log: slog.New(slog.DiscardHandler),
		Routes: []web.Route{
			{Method: "GET", Path: "/work", Class: web.Work, Handler: ok},
			{Method: "POST", Path: "/work", Class: web.Work, Handler: ok},
			{Method: "GET", Path: "/nothing", Class: web.Work, Handler: func(http.ResponseWriter, *http.Request) {}},
			{Method: "GET", Path: "/slow", Class: web.Work, Handler: func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
			{Method: "GET", Path: "/page", Class: web.Page, Handler: ok},
			{Method: "POST", Path: "/api/v1/echo", Class: web.API, Doc: web.Doc{Summary: "Echo"}, Handler: func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }},
		},
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

func ok(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "OK") }

// serve runs s on a port of its own and returns its address and what stops it.
func serve(t testing.TB, s *web.Server) (addr string, stop func() error) {
	t.Helper()
	l, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Bind(l)
	return l.Addrs()[0], run(t, s)
}

func run(t testing.TB, s *web.Server) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	stop = func() error { cancel(); err := <-done; done <- err; return err }
	t.Cleanup(func() { stop() })
	return stop
}

// send writes bytes as they are and returns all that comes back until the
// server closes, or a second has passed.
func send(t testing.TB, addr, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	io.WriteString(c, text)
	got, _ := io.ReadAll(c)
	return string(got)
}

func TestMalformedAndSmuggledRequestsGetOneAnswerAndAreCutOff(t *testing.T) {
	addr, _ := serve(t, newServer(t, nil))
	for name, c := range map[string]struct{ request, want string }{
		"length and chunks": {"POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /work HTTP/1.1\r\nHost: localhost\r\n\r\n", "411"},
		"chunks":            {"POST /work HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"},
		"two lengths":       {"POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "400"},
		"no host":           {"GET /work HTTP/1.1\r\n\r\n", "400"},
		"two hosts":         {"GET /work HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", "400"},
		"too long a body":   {"POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", "413"},
		"rubbish":           {"\x16\x03\x01\r\n\r\n", "400"},
		"headers too long":  {"GET /work HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 40_000) + "\r\n\r\n", "431"},
	} {
		got := send(t, addr, c.request)
		if !strings.HasPrefix(got, "HTTP/1.1 "+c.want) || strings.Count(got, "HTTP/1.1 ") != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTheHostMustBeOneOfOurs(t *testing.T) {
	addr, _ := serve(t, newServer(t, func(c *web.Config) { c.Hosts = []string{"Lab.example."} }))
	for host, want := range map[string]string{
		"localhost": "200", "LOCALHOST:99": "200", "127.0.0.1:4000": "200", "127.1.2.3": "200", "[::1]:4000": "200", "localhost.": "200",
		"lab.example": "200", "lab.EXAMPLE.:80": "200",
		"evil.example": "421", "localhost.evil.example": "421", "127.0.0.1.evil.example": "421", "192.168.0.1": "421", "lab.example.evil": "421", "0.0.0.0": "421",
	} {
		got := send(t, addr, "GET /work HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 "+want) {
			t.Errorf("%s: %.60q, want %s", host, got, want)
		}
	}
	if got := send(t, addr, "GET /work HTTP/1.0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.0 200") {
		t.Errorf("HTTP/1.0 without a Host: %q", got)
	}
}

func TestABodyOfAWorkRequestIsReadAwayAndASlowOneIsCutOff(t *testing.T) {
	defer web.SetBodyTime(100 * time.Millisecond)()
	addr, _ := serve(t, newServer(t, nil))
	got := send(t, addr, "POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabcGET /work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if strings.Count(got, "HTTP/1.1 200") != 2 {
		t.Errorf("the connection did not go on after a body: %q", got)
	}
	for _, path := range []string{"/work", "/api/v1/echo"} {
		if got := send(t, addr, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc"); !strings.HasPrefix(got, "HTTP/1.1 408") {
			t.Errorf("%s with a body that never comes: %q", path, got)
		}
	}
}

func TestARefusedRequestWhoseBodyNeverComesIsCutOff(t *testing.T) {
	defer web.SetBodyTime(100 * time.Millisecond)()
	addr, _ := serve(t, newServer(t, nil))
	for name, head := range map[string]string{
		"foreign host": "POST /work HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\nx",
		"cross-site":   "POST /work HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 9\r\n\r\nx",
		"page":         "POST /page HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 9\r\n\r\nx",
		"too long":     "POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nx",
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(5 * time.Second))
		io.WriteString(c, head)
		if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: still connected", name)
		}
		c.Close()
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	h := newServer(t, nil).Handler()
	for request, want := range map[string]string{
		"GET /nowhere":        "404 text/plain; charset=utf-8 ",
		"GET /api/v1/nowhere": "404 application/problem+json ",
		"PATCH /page":         "405 text/plain; charset=utf-8 GET, HEAD",
		"GET /api/v1/echo":    "405 application/problem+json POST",
		"DELETE /work":        "405 text/plain; charset=utf-8 GET, HEAD, POST",
		"HEAD /work":          "200 text/plain; charset=utf-8 ",
	} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, local(method, path))
		got := fmt.Sprint(w.Code, " ", w.Header().Get("Content-Type"), " ", w.Header().Get("Allow"))
		if got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

func local(method, path string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	r.Host = "localhost"
	return r
}

func TestWorkCarriesNoHeaderButNosniffAndPagesCarryAll(t *testing.T) {
	h := newServer(t, nil).Handler()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, local("GET", "/work"))
	w.Header().Del("Content-Type") // the recorder's own
	if len(w.Header()) != 1 || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("work: %v", w.Header())
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, local("GET", "/page"))
	for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Cache-Control"} {
		if w.Header().Get(name) == "" {
			t.Errorf("a page has no %s", name)
		}
	}
}

func TestAfterStopWorkOnlyWorkIsRefused(t *testing.T) {
	s := newServer(t, func(c *web.Config) { c.Ready = func() error { return nil } })
	s.StopWork()
	for path, want := range map[string]int{"/work": 503, "/readyz": 503, "/livez": 200, "/page": 200} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, local("GET", path))
		if w.Code != want || want == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestServeCutsRequestsThatDoNotEndAndServesTheSameAddressAgain(t *testing.T) {
	defer web.SetFarewell(50 * time.Millisecond)()
	s := newServer(t, nil)
	addr, stop := serve(t, s)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
	other := send(t, addr, "GET /work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(other, "HTTP/1.1 200") {
		t.Fatal(other)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err == nil && !strings.HasPrefix(line, "HTTP/1.1 200") {
		t.Errorf("the slow request got %q", line)
	}
	run(t, s)
	for deadline := time.Now().Add(5 * time.Second); ; {
		if again, err := net.Dial("tcp", addr); err == nil {
			again.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("not back on the same address")
		}
	}
}

func TestAddressesThatCanBeListenedOn(t *testing.T) {
	both, err := web.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	_, port, _ := net.SplitHostPort(both.Addrs()[0])
	for _, a := range both.Addrs() {
		if _, p, _ := net.SplitHostPort(a); p != port {
			t.Errorf("two ports: %v", both.Addrs())
		}
	}
	if both.URL() != "http://localhost:"+port {
		t.Error(both.URL())
	}
	if _, err := web.Listen("localhost:" + port); err == nil || !strings.Contains(err.Error(), "port "+port+" on 127.0.0.1 is taken") {
		t.Errorf("a taken port: %v", err)
	}
	for _, addr := range []string{"localhost", "example.com:80", "4000", "[::1]"} {
		if l, err := web.Listen(addr); err == nil {
			l.Close()
			t.Errorf("%s: accepted", addr)
		}
	}
}

func TestAnExposedAddressNeedsATokenAndAWildcardAlsoHosts(t *testing.T) {
	for _, c := range []struct {
		addr, token string
		hosts       []string
		says        string
	}{
		{"localhost:4000", "", nil, ""},
		{"127.0.0.1:4000", "", nil, ""},
		{"[::1]:4000", "", nil, ""},
		{"10.0.0.1:4000", "", nil, "server.token"},
		{"10.0.0.1:4000", "x", nil, ""},
		{"0.0.0.0:4000", "x", nil, "server.hosts"},
		{":4000", "x", nil, "server.hosts"},
		{"[::]:4000", "x", []string{"lab"}, ""},
	} {
		err := web.CheckExposure(c.addr, c.token, c.hosts)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := web.NewDebug("0.0.0.0:6060"); err == nil {
		t.Error("the profiler may not be exposed")
	}
}

func TestAWrongTableIsRefusedByItsRow(t *testing.T) {
	for want, rows := range map[string][]web.Route{
		"GET /a stands in the table twice": {{Method: "GET", Path: "/a", Handler: ok}, {Method: "GET", Path: "/a", Handler: ok}},
		"GET /a: no handler":               {{Method: "GET", Path: "/a"}},
		"PUT /a: method":                   {{Method: "PUT", Path: "/a", Handler: ok}},
		"GET a: path":                      {{Method: "GET", Path: "a", Handler: ok}},
		"needs its class and a summary":    {{Method: "GET", Path: "/api/v1/a", Class: web.API, Handler: ok}},
		"conflicts":                        {{Method: "GET", Path: "/{a}/x", Handler: ok}, {Method: "GET", Path: "/y/{b}", Handler: ok}},
	} {
		if _, err := web.New(web.Config{Routes: rows, Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestLocalPathsAreToldFromOtherHosts(t *testing.T) {
	for back, want := range map[string]string{
		"/part1?a=b": "/part1?a=b", "": "/", "part1": "/", "//evil": "/", `/\evil`: "/", "https://evil": "/", "/\t/evil": "/", "/\n/evil": "/",
	} {
		if got := web.LocalPath(back); got != want {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}
