package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/web"
)

// ticking streams a line for every tick it is given, until its context ends.
func ticking(ticks <-chan string, ended chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		http.NewResponseController(w).Flush()
		for {
			select {
			case line := <-ticks:
				fmt.Fprintln(w, line)
				http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				ended <- context.Cause(r.Context())
				return
			}
		}
	}
}

func TestAStreamGoesOnPastEveryLimitOfAnAnswer(t *testing.T) {
	t.Cleanup(web.SetAnswerTime(10 * time.Millisecond))
	ticks, ended := make(chan string), make(chan error, 1)
	addr, _ := up(t, oneOfEach(t, with(web.Stream, ticking(ticks, ended))))
	c := dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n")
	lines := bufio.NewReader(c)
	for n := range 5 {
		<-time.After(20 * time.Millisecond)
		ticks <- fmt.Sprint("tick ", n)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if line == fmt.Sprintf("tick %d\n", n) {
				break
			}
		}
	}
	c.Close()
	if err := <-ended; errors.Is(err, web.ErrStopping) {
		t.Error("a viewer that left was told of a stop")
	}
}

func TestStreamsEndWhenTheStopBegins(t *testing.T) {
	ended := make(chan error, 1)
	s := oneOfEach(t, with(web.Stream, ticking(nil, ended)))
	addr, _ := up(t, s)
	c := dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n")
	first := make([]byte, 1)
	if _, err := c.Read(first); err != nil {
		t.Fatal(err)
	}
	s.StopWork()
	if err := <-ended; !errors.Is(err, web.ErrStopping) {
		t.Errorf("ended with %v", err)
	}
	rest, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(rest), "Connection: close") {
		t.Errorf("%v, %q", err, rest)
	}
}

func TestAStreamStandsBehindTheGuardsOfTheAPI(t *testing.T) {
	handler := oneOfEach(t, func(cfg *web.Config) {
		cfg.Token = secret
		cfg.Routes = append(cfg.Routes, web.Route{Method: "GET", Path: "/api/v1/flow", Class: web.Stream, Doc: web.Doc{Summary: "Flow"},
			Handler: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "data") }})
	}).Handler()
	if w := ask(handler, "GET /api/v1/flow"); w.Code != 401 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("without the token: %d %v", w.Code, w.Header())
	}
	if w := ask(handler, "GET /api/v1/flow", "Authorization: Bearer "+secret); w.Code != 200 || w.Body.String() != "data" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("with it: %d %q %v", w.Code, w.Body, w.Header())
	}
	if w := ask(handler, "GET /api/v1/flow", "Host: elsewhere.example"); w.Code != 421 {
		t.Errorf("another Host: %d", w.Code)
	}
}

func TestARequestArrivedWithItsConnectionUnlessThatWasOpenedAheadTheNextWhenItWasRead(t *testing.T) {
	arrived := make(chan time.Time, 1)
	addr, _ := up(t, oneOfEach(t, with(web.Work, func(w http.ResponseWriter, r *http.Request) {
		arrived <- web.Arrived(r)
		w.WriteHeader(204)
	})))
	ahead := dial(t, addr, "")
	<-time.After(80 * time.Millisecond)
	sent := time.Now()
	fmt.Fprint(ahead, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if at := <-arrived; at.Before(sent) {
		t.Errorf("a request of a connection opened ahead arrived %v before it was sent", sent.Sub(at))
	}
	before := time.Now()
	c := dial(t, addr, "GET /extra HTTP/1.1\r\nHost: localhost\r\n") // the last line is still to come
	<-time.After(50 * time.Millisecond)
	late := time.Now()
	fmt.Fprint(c, "\r\n")
	if at := <-arrived; at.Before(before) || !at.Before(late) {
		t.Errorf("the first arrived %v after its connection", at.Sub(before))
	}
	<-time.After(50 * time.Millisecond)
	again := time.Now()
	fmt.Fprint(c, "GET /extra HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if at := <-arrived; at.Before(again) {
		t.Errorf("the second arrived %v before it was sent", again.Sub(at))
	}
	synctest.Test(t, func(t *testing.T) {
		if at := web.Arrived(new(http.Request).WithContext(t.Context())); !at.Equal(time.Now()) {
			t.Errorf("without a connection: %v", at)
		}
	})
}
