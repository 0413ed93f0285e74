package web_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/web"
)

// net/http answers an expectation other than 100-continue itself, before every
// handler, and then reads the body.
func TestAnExpectationThatNobodyMeetsDoesNotHoldItsConnection(t *testing.T) {
	t.Cleanup(web.SetBodyTime(100 * time.Millisecond))
	addr, _ := up(t, oneOfEach(t, nil))
	got, err := io.ReadAll(dial(t, addr, "POST /work HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\nContent-Length: 9\r\n\r\n"))
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 417") {
		t.Errorf("%.60q, %v", got, err)
	}
}

func TestTheProfilerDoesNotWaitForABodyThatNeverComes(t *testing.T) {
	t.Cleanup(web.SetBodyTime(100 * time.Millisecond))
	free, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addrs()[0]
	free.Close()
	d, err := web.NewDebug(addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	for name, head := range map[string]string{"answered": "Host: localhost\r\n", "refused": "Host: evil.example\r\n", "expecting": "Host: localhost\r\nExpect: a miracle\r\n"} {
		if _, err := io.ReadAll(dial(t, addr, "POST /debug/pprof/cmdline HTTP/1.1\r\n"+head+"Content-Length: 9\r\n\r\n")); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: still connected", name)
		}
	}
}

// In HTTP/1.0 net/http does not look at a Transfer-Encoding; a proxy before it might.
func TestNothingFollowsTheBodyOfAnOlderRequest(t *testing.T) {
	addr, _ := up(t, oneOfEach(t, nil))
	head := " HTTP/1.0\r\nConnection: keep-alive\r\n"
	got, err := io.ReadAll(dial(t, addr, "POST /work"+head+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /work"+head+"\r\n"))
	if err != nil || strings.Count(string(got), "HTTP/1.") != 1 {
		t.Errorf("%q, %v", got, err)
	}
	conn := dial(t, addr, strings.Repeat("GET /work"+head+"\r\n", 2)+"GET /work HTTP/1.0\r\n\r\n")
	if got, err := io.ReadAll(conn); err != nil || strings.Count(string(got), "HTTP/1.0 200") != 3 {
		t.Errorf("without a body it goes on: %q, %v", got, err)
	}
}

// Small answers hold a connection too, when there are very many of them.
func TestAReaderWhoTakesNoAnswersIsCutOffWhateverTheyAre(t *testing.T) {
	t.Cleanup(web.SetAnswerTime(100 * time.Millisecond))
	addr, _ := up(t, oneOfEach(t, nil))
	var all sync.WaitGroup
	for name, request := range map[string]string{
		"work":         "GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"foreign host": "GET /work HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"by the mux":   "GET //page HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"page":         "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		c := dial(t, addr, "")
		c.SetDeadline(time.Now().Add(20 * time.Second))
		all.Go(func() {
			var err error
			for many := strings.Repeat(request, 1000); err == nil; {
				_, err = io.WriteString(c, many)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: still connected", name)
			}
		})
	}
	all.Wait()
}
