package live_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/web"
)

// fat is a number with much around it, so that the kernel's buffers fill in seconds.
type fat int64

func (f fat) AppendJSON(b []byte) []byte {
	return append(strconv.AppendInt(b, int64(f), 10), strings.Repeat(" ", 10_000)...)
}

// serving runs a site's stream behind a real server on loopback.
func serving(t *testing.T, site *live.Site) (addr string) {
	t.Helper()
	server, err := web.New(web.Config{Routes: site.Routes()})
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.Bind(listeners)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(ctx) }()
	go func() { ended <- site.Serve(ctx) }()
	t.Cleanup(func() {
		server.StopWork()
		cancel()
		<-ended
		<-ended
	})
	return listeners.Addrs()[0]
}

func subscribe(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := fmt.Fprint(c, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAHundredViewersThatNeverReadAreGoneAndHoldNothing(t *testing.T) {
	site, err := live.New(live.Config{Viewers: 101})
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	site.Tell(live.Feed{Event: "fat", Every: 50 * time.Millisecond, Read: func() []any { return []any{fat(n.Add(1))} }})
	addr := serving(t, site)
	reader := bufio.NewScanner(subscribe(t, addr))
	before := runtime.NumGoroutine()
	for range 100 {
		subscribe(t, addr) // and never reads
	}
	began, last, most := time.Now(), 0, 0
	for most < 101 || site.Viewers() > 1 {
		if time.Since(began) > 15*time.Second {
			t.Fatalf("%d viewers after %v", site.Viewers(), time.Since(began))
		}
		if !reader.Scan() {
			t.Fatalf("the one that reads was cut off: %v", reader.Err())
		}
		most = max(most, site.Viewers())
		text, ok := strings.CutPrefix(reader.Text(), "data: ")
		if !ok {
			continue
		}
		got, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || last > 0 && got != last+1 {
			t.Fatalf("the one that reads got %d after %d: %v", got, last, err)
		}
		last = got
	}
	// Each had one goroutine to answer it and one of net/http to watch its connection.
	for runtime.NumGoroutine() > before+20 {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
	t.Logf("gone after %v", time.Since(began).Round(100*time.Millisecond))
}

// A reader too slow for the stream stays: it loses frames, and what it reads is new.
func TestAReaderTooSlowForTheStreamStaysAndReadsWhatIsNew(t *testing.T) {
	t.Parallel() // it waits, most of the time
	site, err := live.New(live.Config{Viewers: 1})
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	site.Tell(live.Feed{Event: "fat", Every: 50 * time.Millisecond, Read: func() []any { return []any{fat(n.Add(1))} }})
	c := subscribe(t, serving(t, site))
	if err := c.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	// 100 kB a second, half of what there is, for longer than any deadline.
	text := make([]byte, 10_000)
	var newest int64
	for began := time.Now(); time.Since(began) < 10*time.Second; <-time.After(100 * time.Millisecond) {
		got, err := io.ReadFull(c, text)
		if err != nil {
			t.Fatalf("cut off after %v: %v", time.Since(began), err)
		}
		for line := range strings.SplitSeq(string(text[:got]), "\n") {
			if number, ok := strings.CutPrefix(line, "data: "); ok {
				if n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64); err == nil {
					newest = max(newest, n)
				}
			}
		}
	}
	if behind := n.Load() - newest; behind > 100 {
		t.Errorf("it is %d frames behind", behind)
	}
}
