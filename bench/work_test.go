package bench_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/browsertest"
)

const (
	conns  = 50
	rounds = 4
	turn   = 4 * time.Second
)

// BenchmarkWork holds the work routes against a bare server, with a page open.
func BenchmarkWork(b *testing.B) {
	b.Run("stream", func(b *testing.B) {
		compareWork(b, func(lab *server) {
			viewers, _ := lab.watch("/part1", 1)
			settle(viewers)
		})
	})
	b.Run("chromium", func(b *testing.B) {
		compareWork(b, func(lab *server) {
			page := browsertest.Start(b)
			page.Open("http://" + lab.addr + "/part1")
			page.Until(`document.documentElement.dataset.view === "live"`)
		})
	})
}

// side is one of those that are compared, with its rounds.
type side struct {
	name, path string
	*server
	rest       func()    // waits until what was answered is done, before another has its turn; may be nil
	rate, cost []float64 // answers per second; µs of processor time for each
	answers    int
	bad        int // of these, or beside them: not OK, or did not come
}

func compareWork(b *testing.B, look func(lab *server)) {
	needWrk(b)
	lab, bare := startLab(b, "--resource-latency", "0s"), startBare(b)
	look(lab)
	sides := []*side{
		{name: "bare", path: "/any", server: bare},
		{name: "serial", path: "/part1/serial", server: lab},
		{name: "async", path: "/part1/async", server: lab},
	}
	compare(b, sides)
	balance(b, lab, sides[1:])
}

// compare has the sides take turns. The first is the measure of the others.
func compare(b *testing.B, sides []*side) {
	for _, s := range sides { // each once in vain, for the heap to grow and the caches to fill
		s.ask(time.Second)
		s.rate, s.cost = nil, nil
	}
	for b.Loop() {
		for range rounds {
			for _, s := range sides {
				s.ask(turn)
			}
		}
	}
	for _, s := range sides {
		b.ReportMetric(median(s.rate), s.name+"-req/s")
		b.ReportMetric(median(s.cost), s.name+"-µs/req")
	}
	for _, s := range sides[1:] {
		b.ReportMetric(median(ratios(s.rate, sides[0].rate)), s.name+"/bare")
	}
	b.ReportMetric(0, "ns/op") // of no interest
}

// ask has one turn.
func (s *side) ask(d time.Duration) {
	s.b.Helper()
	before := s.cpu()
	l := s.wrk(s.path, d)
	if l.bad > 0 {
		s.b.Errorf("%s: %d of %d answers were not OK", s.path, l.bad, l.answers)
	}
	if s.rest != nil {
		s.rest()
	}
	s.rate = append(s.rate, l.perSec)
	s.cost = append(s.cost, float64((s.cpu()-before).Microseconds())/float64(l.answers))
	s.answers += l.answers
	s.bad += l.bad
}

// balance looks for every answer in the lab's books: what was answered OK has been
// done, or it was a lie.
func balance(b *testing.B, lab *server, sides []*side) {
	b.Helper()
	books := lab.books()
	lost, counted := 0, 0
	for _, s := range sides {
		counted += s.answers
		if done := books.ByCaller[s.name].Finished; done < s.answers {
			lost += s.answers - done
		}
	}
	answered := lab.answered()
	if lost > 0 || books.Finished != answered || books.Started != books.Finished {
		b.Errorf("wrk counted %d answers, %d more than were done; the books: %d answered OK, %+v", counted, lost, answered, books)
	}
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(books.Finished-counted), "unbooked")
}

// books are the resource's, in total and of each caller.
type books struct {
	InFlight int `json:"in_flight"`
	Started  int `json:"started"`
	Finished int `json:"finished"`
	ByCaller map[string]struct {
		Finished int `json:"finished"`
	} `json:"by_caller"`
}

// books returns them when nothing is in flight.
func (s *server) books() (now books) {
	s.b.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		s.read("/api/v1/resource", &now)
		if now.InFlight == 0 {
			return now
		}
	}
	s.b.Fatalf("still in flight: %+v", now)
	return now
}

// answered is how many requests part 1 has answered OK, as its newest sample says,
// once that does not change any more.
func (s *server) answered() int {
	s.b.Helper()
	for before := -1.0; ; time.Sleep(100 * time.Millisecond) {
		var past struct {
			Series map[string]struct{ Last []float64 }
		}
		s.read("/api/v1/series?name=answered&since=1s", &past)
		all := past.Series["answered"].Last
		if len(all) == 0 {
			s.b.Fatal("part 1 has no past")
		}
		now := all[len(all)-1]
		if now == before {
			return int(now)
		}
		before = now
	}
}

// read asks the lab's API.
func (s *server) read(path string, into any) {
	s.b.Helper()
	res, err := client.Get("http://" + s.addr + path)
	if err != nil {
		s.b.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		s.b.Fatalf("%s: %s", path, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		s.b.Fatal(err)
	}
}

// client keeps no connection, so that nothing stays behind.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
