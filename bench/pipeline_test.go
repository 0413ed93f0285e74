package bench_test

import (
	"testing"
	"time"
)

// BenchmarkPipeline holds the endpoint of part 2 against a bare server, with a page
// open.
func BenchmarkPipeline(b *testing.B) {
	b.Run("prefetch", func(b *testing.B) { comparePipeline(b, "--pipeline-handout", "prefetch") })
	b.Run("lazy", func(b *testing.B) { comparePipeline(b, "--pipeline-handout", "lazy") })
	b.Run("supervisor", func(b *testing.B) { comparePipeline(b, "--pipeline-kind", "supervisor") })
}

func comparePipeline(b *testing.B, flags ...string) {
	needWrk(b)
	lab := startLab(b, append(flags, "--resource-latency", "0s", "--pipeline-buffer", "1000000")...)
	viewers, _ := lab.watch("/part2", 1)
	settle(viewers)
	behind := 0
	sides := []*side{
		{name: "bare", path: "/any", server: startBare(b)},
		{name: "genstage", path: "/part2/genstage", server: lab, rest: func() {
			behind = max(behind, lab.pipeline().InSystem)
			lab.workedOff()
		}},
	}
	compare(b, sides)
	b.ReportMetric(float64(behind), "behind")
	balancePipeline(b, lab, sides[1])
}

// balancePipeline holds wrk's count against the books. What was answered OK has
// been done; what wrk left when its time was over may have been, too.
func balancePipeline(b *testing.B, lab *server, s *side) {
	b.Helper()
	now, answered := lab.workedOff(), s.answers-s.bad
	lost, unbooked := max(0, answered-now.Done), now.Enqueued-answered
	if lost > 0 || now.Enqueued != now.Done || unbooked > conns*(rounds*b.N+1) {
		b.Errorf("wrk counted %d answers OK, %d more than were done; the books: %+v", answered, lost, now)
	}
	b.ReportMetric(float64(s.bad), "not-OK")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(unbooked), "unbooked")
}

// pipeline are the books of part 2.
type pipeline struct {
	Enqueued int `json:"enqueued"`
	Done     int `json:"done"`
	Failed   int `json:"failed"`
	Dropped  int `json:"dropped"`
	Rejected int `json:"rejected"`
	InSystem int `json:"in_system"`
}

func (s *server) pipeline() (now pipeline) {
	s.b.Helper()
	s.read("/api/v1/pipeline", &now)
	return now
}

// workedOff returns them when nothing is in the system.
func (s *server) workedOff() (now pipeline) {
	s.b.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if now = s.pipeline(); now.InSystem == 0 {
			return now
		}
	}
	s.b.Fatalf("not worked off within a minute: %+v", now)
	return now
}
