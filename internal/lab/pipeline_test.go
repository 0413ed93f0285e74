package lab_test

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/part2"
)

// pipeline asks the API, and checks what holds at every moment.
func (r *running) pipeline() (v part2.View) {
	r.t.Helper()
	a := r.ask("GET", "/api/v1/pipeline", "")
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		r.t.Fatalf("%v: %s", err, a.body)
	}
	if rest := v.Retrying + v.InBuffer + v.InInboxes + v.InHand; v.Enqueued != v.Done+v.Failed+v.Dropped+uint64(rest) || v.InSystem != rest {
		r.t.Errorf("the law is broken: %s", a.body)
	}
	return v
}

// set changes settings by the API.
func (r *running) set(patch string) {
	r.t.Helper()
	if a := r.ask("PATCH", "/api/v1/settings", patch, "Content-Type", "application/json"); a.status != http.StatusOK {
		r.t.Fatalf("%s: %d %s", patch, a.status, a.body)
	}
}

// worksOff waits until nothing is in the system.
func (r *running) worksOff() part2.View {
	r.t.Helper()
	for range 12_000 {
		if v := r.pipeline(); v.InSystem == 0 {
			return v
		}
		<-time.After(10 * time.Millisecond)
	}
	r.t.Fatal("events are left after two minutes")
	return part2.View{}
}

// events gathers what the stream tells of finished events, until they stand for n.
func (r *running) events(n float64) <-chan []part2.Event {
	told := make(chan []part2.Event, 1)
	go func() {
		var all []part2.Event
		seen, stood := map[uint64]bool{}, 0.0
		r.listen("/api/v1/stream", func(event string, data []byte) bool {
			if event != "event" || !strings.Contains(string(data), `"part2"`) {
				return true
			}
			var some []part2.Event
			if err := json.Unmarshal(data, &some); err != nil {
				r.t.Error(err)
				return false
			}
			for _, e := range some {
				if !seen[e.Seq] {
					seen[e.Seq] = true
					all = append(all, e)
					stood += e.Weight
				}
			}
			return stood < n-0.5
		})
		told <- all
	}()
	return told
}

func near(got, want, share float64) bool { return math.Abs(got-want) <= share*want }

// The workshop's exercises of part 2 with its own tool, 25 times as fast. Nothing is
// held against a clock: the time of a use on a busy machine is not the one that was
// asked for.
func TestTheWorkshopsExercisesWithRealLoad(t *testing.T) {
	const events = 1000
	three := `{"pipeline":{"consumers":3}}`
	var burst sync.Mutex // one at a time: they would slow each other down, and the uses that go on
	for name, c := range map[string]struct {
		begin  string // settings before the burst
		then   string // settings after it
		k      float64
		shares []int
	}{
		"one consumer":                            {"", "", 1, []int{1000}},
		"three from the start":                    {three, "", 3, []int{334, 333, 333}},
		"two added to what was dealt out":         {"", three, 1, []int{1000, 0, 0}},
		"two added while demand is one at a time": {`{"pipeline":{"max_demand":1}}`, three, 3, nil},
		"a consumer supervisor of ten":            {`{"pipeline":{"kind":"supervisor","concurrency":10}}`, "", 10, []int{1000}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, func(s *config.Settings) { s.Resource.Latency = 20 * time.Millisecond })
			if c.begin != "" {
				r.set(c.begin)
			}
			told := r.events(events)
			burst.Lock()
			r.ab("-q -n 1000 -c 50", "/part2/genstage")
			burst.Unlock()
			if c.then != "" {
				r.set(c.then)
			}
			v := r.worksOff()
			if v.Enqueued != events || v.Done != events || v.Rejected != 0 {
				t.Errorf("%+v", v)
			}
			var shares []int
			for _, consumer := range v.Consumers {
				shares = append(shares, int(consumer.Done))
			}
			slices.SortFunc(shares, func(a, b int) int { return b - a })
			if c.shares != nil && !slices.Equal(shares, c.shares) {
				t.Errorf("shares %v, want %v", shares, c.shares)
			}
			if c.shares == nil && (len(shares) != 3 || shares[2] < 250) {
				t.Errorf("shares %v: they were to share", shares)
			}
			all := <-told
			var ends, busy []float64 // ms: when each ended, and how long it was in hand
			for _, e := range all {
				if !near(e.LatencyMS, e.BufferWaitMS+e.InboxWaitMS+e.ServiceMS, 0.001) {
					t.Fatalf("%+v", e)
				}
				ends, busy = append(ends, e.At+e.LatencyMS), append(busy, e.ServiceMS)
			}
			slices.Sort(ends)
			// An event that found d others ends as the last of d + 1: its latency is what
			// those took, however long a use is on a busy machine.
			var got, want float64
			for _, e := range all {
				if e.Depth >= 300 {
					first, last := sort.SearchFloat64s(ends, e.At), sort.SearchFloat64s(ends, e.At+e.LatencyMS+0.0005)
					got += float64(last-first) * events / float64(len(all))
					want += float64(e.Depth + 1)
				}
			}
			if !near(got, want, 0.05) {
				t.Errorf("%.3f of depth + 1 events ended within a latency", got/want)
			}
			// And k are at work, never more: what they did takes k times as long as it took.
			sum := 0.0
			for _, ms := range busy {
				sum += ms * events / float64(len(all))
			}
			if atWork := sum / (ends[len(ends)-1] - ends[0]); c.then == "" && (atWork > 1.05*c.k || atWork < 0.5*c.k) {
				t.Errorf("%.2f were at work, want %v", atWork, c.k)
			}
			t.Logf("%.1f/s, S = %.2f ms, mean latency %.0f ms, shares %v, depth %.3f of the model", 1000*c.k/v.ServiceMS.Mean, v.ServiceMS.Mean, v.LatencyMS.Mean, shares, got/want)
		})
	}
}

func TestThePipelineIsDrivenByProgramsAndByForms(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency, s.Server.Grace = time.Minute, 0 })
	for _, method := range []string{"POST", "GET", "HEAD"} { // a HEAD is work too
		if a := r.ask(method, "/part2/genstage", ""); a.status != 200 || a.body != "OK" && method != "HEAD" {
			t.Fatalf("%s: %+v", method, a)
		}
	}
	if v := r.pipeline(); v.Intake != part2.Open || v.InSystem != 3 || v.MaxDemand != 1000 || v.MinDemand != 500 {
		t.Errorf("%+v", v)
	}
	r.ask("POST", "/api/v1/pipeline/pause", "")
	if v := r.pipeline(); !v.Paused {
		t.Errorf("not paused: %+v", v)
	}
	if a := r.ask("POST", "/actions/drain", "back=%2Fpart2", "Content-Type", "application/x-www-form-urlencoded"); a.status != 303 || a.header.Get("Location") != "/part2" {
		t.Errorf("%+v", a)
	}
	if v := r.pipeline(); v.Paused || v.Intake != part2.Draining {
		t.Errorf("%+v", v)
	}
	if a := r.ask("GET", "/part2/genstage", ""); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("%+v", a)
	}
	if page := r.ask("GET", "/part2", "").body; !strings.Contains(page, "The intake is draining.") {
		t.Error("the page does not say that it drains")
	}
	r.ask("POST", "/api/v1/pipeline/resume", "")
	r.set(`{"pipeline":{"kind":"supervisor"},"resource":{"latency":"1ms"}}`)
	if v := r.pipeline(); v.Intake != part2.Open || v.Kind != part2.Consumers || v.SwitchingTo != part2.Supervisor || !v.Consumers[0].Leaving {
		t.Errorf("%+v", v)
	}
	r.marked("settings", "part 2 drains")
	r.marked("settings", "pipeline.kind consumers → supervisor")
	for _, patch := range []string{
		`{"pipeline":{"min_demand":1000}}`, `{"pipeline":{"kind":"both"}}`, `{"pipeline":{"consumers":0}}`, `{"pipeline":{"buffers":1}}`,
	} {
		if a := r.ask("PATCH", "/api/v1/settings", patch, "Content-Type", "application/json"); a.status != 422 || !strings.Contains(a.body, `"field":"pipeline.`) {
			t.Errorf("%s: %d %s", patch, a.status, a.body)
		}
	}
}

func TestDropsAreMarkedOnceASecondWithTheirNumber(t *testing.T) {
	r := start(t, func(s *config.Settings) {
		s.Resource.Latency, s.Server.Grace = time.Minute, 0
		s.Pipeline.Buffer, s.Pipeline.Overflow, s.Pipeline.Handout = 10, "drop_newest", "lazy"
	})
	r.ab("-q -n 200 -c 10", "/part2/async")
	r.marked("drops", "events dropped")
	r.marked("load", "load on genstage ended: 200 requests")
	if v := r.pipeline(); v.Enqueued != 200 || v.Dropped != 189 || v.Rejected != 0 {
		t.Errorf("%+v", v)
	}
}

func TestTheTreeShowsTheNodesOfPart2(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Pipeline.Consumers = 3 })
	tree := r.ask("GET", "/api/v1/tree", "").body
	for _, name := range []string{"part2", "producer", "consumer-1", "consumer-2", "consumer-3"} {
		if !strings.Contains(tree, `"name":"`+name+`"`) {
			t.Errorf("%s is not in the tree", name)
		}
	}
	if !strings.Contains(tree, "internal/part2/taker.go:") {
		t.Errorf("the tree does not lead to the source: %s", tree)
	}
}
