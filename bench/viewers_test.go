package bench_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"
)

const (
	crowd    = 1000 // viewers
	watching = 4 * time.Second
	requests = 2000
)

// BenchmarkViewers measures what a crowd costs the lab, and whether those who make
// it work feel that.
func BenchmarkViewers(b *testing.B) {
	lab := startLab(b, "--resource-latency", "0s")
	var core, frames, bytes, late []float64
	var alone, among latencies
	lab.latency(requests) // in vain
	for b.Loop() {
		for range 3 {
			alone.add(lab.latency(requests))
			viewers, stop := lab.watch("/part1", crowd)
			settle(viewers)
			end := during(viewers)
			core = append(core, lab.core(watching))
			got := end()
			frames, bytes, late = append(frames, got.frames), append(bytes, got.bytes), append(late, float64(got.late))
			among.add(lab.latency(requests))
			stop()
			lab.alone()
		}
	}
	b.ReportMetric(median(core), "%core")
	b.ReportMetric(median(frames), "frames/s")
	b.ReportMetric(median(bytes)/1000, "KB/s")
	b.ReportMetric(median(late), "late-viewers")
	b.ReportMetric(median(among.p50), "p50-µs")
	b.ReportMetric(median(among.p99), "p99-µs")
	b.ReportMetric(median(ratios(among.p50, alone.p50)), "p50-ratio")
	b.ReportMetric(median(ratios(among.p99, alone.p99)), "p99-ratio")
	b.ReportMetric(0, "ns/op") // of no interest
}

// latencies are those of each round, in µs.
type latencies struct{ p50, p99, max []float64 }

func (l *latencies) add(all []time.Duration) {
	slices.Sort(all)
	at := func(p int) float64 { return float64(all[len(all)*p/100].Nanoseconds()) / 1000 }
	l.p50, l.p99 = append(l.p50, at(50)), append(l.p99, at(99))
	l.max = append(l.max, float64(all[len(all)-1].Nanoseconds())/1000)
}

// latency asks for serial work n times over one connection and says how long each
// took, from the first byte written to the answer read.
func (s *server) latency(n int) []time.Duration {
	s.b.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.b.Fatal(err)
	}
	defer conn.Close()
	request, answers := fmt.Appendf(nil, "GET /part1/serial HTTP/1.1\r\nHost: %s\r\n\r\n", s.addr), bufio.NewReader(conn)
	all := make([]time.Duration, n)
	for i := range all {
		began := time.Now()
		if _, err := conn.Write(request); err != nil {
			s.b.Fatal(err)
		}
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			s.b.Fatal(err)
		}
		all[i] = time.Since(began)
		if _, err := answers.Discard(int(res.ContentLength)); err != nil || res.StatusCode != http.StatusOK {
			s.b.Fatalf("%s, %v", res.Status, err)
		}
	}
	return all
}

// alone waits until the lab has noticed that its viewers have gone; on a machine
// that is too busy to tell, 5 s.
func (s *server) alone() {
	s.b.Helper()
	for range 10 {
		if s.core(500*time.Millisecond) < 10 {
			return
		}
	}
}
