package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/web"
)

// with adds a route of a class at /extra.
func with(class web.Class, h http.HandlerFunc) func(*web.Config) {
	return func(cfg *web.Config) {
		cfg.Routes = append(cfg.Routes, web.Route{Method: "GET", Path: "/extra", Class: class, Handler: h},
			web.Route{Method: "POST", Path: "/extra", Class: class, Handler: h})
	}
}

// up serves s on a port of its own until the test, or stop, ends it.
func up(t testing.TB, s *web.Server) (addr string, stop func() error) {
	t.Helper()
	l, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Bind(l)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	stop = func() error { cancel(); err := <-done; done <- err; return err }
	t.Cleanup(func() { stop() })
	return l.Addrs()[0], stop
}

func dial(t testing.TB, addr, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, text)
	return c
}

// A request refused before its body is read must not leave net/http reading that
// body without a deadline.
func TestARefusedRequestWhoseBodyNeverComesIsAnsweredAndClosed(t *testing.T) {
	t.Cleanup(web.SetBodyTime(100 * time.Millisecond))
	addr, _ := up(t, oneOfEach(t, withToken))
	for name, c := range map[string]struct{ lines, want string }{
		"foreign host":      {"POST /work HTTP/1.1\r\nHost: evil.example\r\n", "421"},
		"no token":          {"POST /work HTTP/1.1\r\nHost: localhost\r\n", "401"},
		"page, no token":    {"POST /page HTTP/1.1\r\nHost: localhost\r\n", "401"},
		"to the login":      {"GET /page HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n", "303"},
		"cross-site":        {"POST /work HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + secret + "\r\nOrigin: http://evil.example\r\n", "403"},
		"another's form":    {"POST /login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n", "403"},
		"chunked":           {"POST /work HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n", "411"},
		"too slow":          {"POST /open HTTP/1.1\r\nHost: localhost\r\n", "408"},
		"redirected by mux": {"POST //work HTTP/1.1\r\nHost: localhost\r\n", "307"},
	} {
		conn := dial(t, addr, c.lines+"Content-Length: 10\r\n\r\nabc")
		got, err := io.ReadAll(conn)
		if reset := errors.Is(err, syscall.ECONNRESET); err != nil && !reset || !strings.HasPrefix(string(got), "HTTP/1.1 "+c.want) {
			t.Errorf("%s: %v, %.60q", name, err, got)
		}
	}
}

func TestWorkAfterABodyIsNotCutByTheBodysDeadline(t *testing.T) {
	t.Cleanup(web.SetBodyTime(50 * time.Millisecond))
	cut := make(chan bool, 1)
	addr, _ := up(t, oneOfEach(t, with(web.Work, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			cut <- true
		case <-time.After(200 * time.Millisecond):
			cut <- false
		}
	})))
	dial(t, addr, "POST /extra HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
	if <-cut {
		t.Error("the work was cut")
	}
}

func TestAnAnswerMayBeLongInTheMaking(t *testing.T) {
	t.Cleanup(web.SetAnswerTime(50 * time.Millisecond))
	addr, _ := up(t, oneOfEach(t, with(web.API, func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(200 * time.Millisecond)
		io.WriteString(w, "done")
	})))
	got, err := io.ReadAll(dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
	if err != nil || !strings.Contains(string(got), "done") {
		t.Errorf("%v, %q", err, got)
	}
}

func TestAReaderWhoDoesNotReadIsCutOff(t *testing.T) {
	t.Cleanup(web.SetAnswerTime(50 * time.Millisecond))
	gave := make(chan error, 1)
	addr, _ := up(t, oneOfEach(t, with(web.Page, func(w http.ResponseWriter, _ *http.Request) {
		for block := make([]byte, 1<<20); ; {
			if _, err := w.Write(block); err != nil {
				gave <- err
				return
			}
		}
	})))
	dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n")
	select {
	case <-gave:
	case <-time.After(10 * time.Second):
		t.Error("still writing")
	}
}

func TestAStreamSetsItsOwnDeadlines(t *testing.T) {
	t.Cleanup(web.SetAnswerTime(50 * time.Millisecond))
	addr, _ := up(t, oneOfEach(t, with(web.API, func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		for range 3 {
			if control.SetWriteDeadline(time.Now().Add(time.Second)) != nil {
				return
			}
			<-time.After(60 * time.Millisecond)
			io.WriteString(w, "event\n")
			control.Flush()
		}
	})))
	got, err := io.ReadAll(dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
	if err != nil || strings.Count(string(got), "event") != 3 {
		t.Errorf("%v, %q", err, got)
	}
}

// A second request waiting behind the first keeps net/http from seeing that the
// connection was closed.
func TestServeCutsARequestThatHasAnotherBehindIt(t *testing.T) {
	t.Cleanup(web.SetFarewell(50 * time.Millisecond))
	begun := make(chan bool, 1)
	addr, stop := up(t, oneOfEach(t, with(web.Work, func(_ http.ResponseWriter, r *http.Request) {
		begun <- true
		<-r.Context().Done()
	})))
	request := "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n"
	c := dial(t, addr, request)
	<-begun
	io.WriteString(c, request) // comes while the first is in hand
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("Serve waits for ever")
	}
}

func TestServeReturnsAfterItsLastHandlerHas(t *testing.T) {
	t.Cleanup(web.SetFarewell(20 * time.Millisecond))
	begun := make(chan bool, 1)
	var ended atomic.Bool
	addr, stop := up(t, oneOfEach(t, with(web.Work, func(_ http.ResponseWriter, r *http.Request) {
		begun <- true
		<-r.Context().Done()
		<-time.After(100 * time.Millisecond)
		ended.Store(true)
	})))
	dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-begun
	stop()
	if !ended.Load() {
		t.Error("a handler was left behind")
	}
}

func TestARequestInHandIsAnsweredWhenServeEnds(t *testing.T) {
	begun, release := make(chan bool), make(chan bool)
	addr, stop := up(t, oneOfEach(t, with(web.Work, func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-release
		io.WriteString(w, "answered")
	})))
	c := dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // until no new connection is taken
		probe, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		probe.Close()
	}
	close(release)
	if got, _ := io.ReadAll(c); !strings.Contains(string(got), "answered") {
		t.Errorf("%q", got)
	}
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestServeWithoutListenersWaitsToBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := oneOfEach(t, nil).Serve(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestThePanicOfAHandlerIsLoggedWhereItIsSeen(t *testing.T) {
	var log bytes.Buffer
	s := oneOfEach(t, func(cfg *web.Config) {
		with(web.Work, func(http.ResponseWriter, *http.Request) { panic("a bug") })(cfg)
		cfg.Log = slog.New(slog.NewTextHandler(&log, nil)) // from Info on
	})
	addr, stop := up(t, s)
	io.ReadAll(dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	stop()
	if !strings.Contains(log.String(), "a bug") {
		t.Errorf("%q", log.String())
	}
}

func TestWorkRefusedByAStopClosesItsConnection(t *testing.T) {
	s := oneOfEach(t, nil)
	addr, _ := up(t, s)
	s.StopWork()
	got, err := io.ReadAll(dial(t, addr, "GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 503") || !strings.Contains(string(got), "Retry-After") {
		t.Errorf("%v, %q", err, got)
	}
}

func TestATakenPortIsSaidInWords(t *testing.T) {
	l, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addrs()[0])
	_, err = web.Listen(l.Addrs()[0])
	if err == nil || !strings.Contains(err.Error(), "port "+port+" on 127.0.0.1 is taken, another program listens there") || !errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
}

func TestConnectionsLeaveAQuarterOfTheFilesFree(t *testing.T) {
	for _, c := range []struct{ listeners, files, want int }{
		{1, 1 << 20, web.MaxConns}, {2, 1 << 20, web.MaxConns}, {2, 1024, 384}, {1, 1024, 768}, {2, 1, 1}, {0, 1024, 768},
	} {
		if got := web.ConnsEach(c.listeners, c.files); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestNetHTTPAnswersNothingBeforeTheGuards(t *testing.T) {
	t.Cleanup(web.SetBodyTime(100 * time.Millisecond))
	addr, _ := up(t, oneOfEach(t, withToken))
	for name, head := range map[string]string{
		"foreign host":    "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
		"body never sent": "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100\r\n\r\n",
	} {
		got, err := io.ReadAll(dial(t, addr, head))
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 421") {
			t.Errorf("%s: %.60q, %v", name, got, err)
		}
	}
}
