package bench_test

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// viewer reads all of the stream of a page and counts it as it comes over the
// wire. It understands no more of HTTP than that, so that a thousand of them leave
// the machine to the lab.
type viewer struct {
	frames, bytes atomic.Int64
}

// frameID is written once in each frame, and never first.
var frameID = []byte("\nid: ")

// watch opens that many viewers of a page. The returned function closes them and
// waits.
func (s *server) watch(page string, n int) (viewers []*viewer, stop func()) {
	s.b.Helper()
	var reading sync.WaitGroup
	var open []net.Conn
	for range n {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			_, err = fmt.Fprintf(conn, "GET /api/v1/stream?page=%s HTTP/1.1\r\nHost: %s\r\n\r\n", page, s.addr)
		}
		if err != nil {
			s.b.Fatal(err)
		}
		v := &viewer{}
		viewers, open = append(viewers, v), append(open, conn)
		reading.Go(func() { v.read(conn) })
	}
	stop = sync.OnceFunc(func() {
		for _, c := range open {
			_ = c.Close()
		}
		reading.Wait()
	})
	s.b.Cleanup(stop)
	return viewers, stop
}

// read counts until the connection is closed.
func (v *viewer) read(conn net.Conn) {
	buf := make([]byte, 16<<10)
	kept := 0 // of the piece before: an id may be cut in two
	for {
		n, err := conn.Read(buf[kept:])
		if err != nil {
			return
		}
		text := buf[:kept+n]
		v.frames.Add(int64(bytes.Count(text, frameID)))
		v.bytes.Add(int64(n))
		kept = copy(buf, text[max(0, len(text)-len(frameID)+1):])
	}
}

// share is what each of some viewers got in a time.
type share struct {
	frames, bytes float64 // per second and viewer
	late          int     // viewers that got fewer than 20 frames a second
}

// during measures the viewers from now until the returned function is called.
func during(viewers []*viewer) (end func() share) {
	began, frames, bytes := time.Now(), make([]int64, len(viewers)), int64(0)
	for i, v := range viewers {
		frames[i] = v.frames.Load()
		bytes += v.bytes.Load()
	}
	return func() share {
		var s share
		took := time.Since(began).Seconds()
		sum, after := int64(0), int64(0)
		for i, v := range viewers {
			got := v.frames.Load() - frames[i]
			sum, after = sum+got, after+v.bytes.Load()
			if float64(got) < 20*took-2 { // one may be under way at either end
				s.late++
			}
		}
		n := float64(len(viewers)) * took
		s.frames, s.bytes = float64(sum)/n, float64(after-bytes)/n
		return s
	}
}

// settle waits until viewers have what was kept for them and get no more than
// what is new; on a machine that is too busy for that, 10 s.
func settle(viewers []*viewer) {
	for range 10 {
		end := during(viewers)
		time.Sleep(time.Second)
		if s := end(); s.frames > 18 && s.frames < 22 && s.late == 0 {
			return
		}
	}
}
