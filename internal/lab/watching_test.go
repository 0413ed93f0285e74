package lab_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/part1"
)

// listen opens the stream and hands each message to take until that returns false.
func (r *running) listen(target string, take func(event string, data []byte) bool) {
	r.t.Helper()
	res, err := http.Get(r.url + target)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	event := ""
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "event":
			event = value
		case name == "data" && !take(event, []byte(value)):
			return
		}
	}
	r.t.Fatalf("the stream ended: %v", lines.Err())
}

// numbers are a series in a frame: one for each sample, or one for all.
type numbers []float64

func (n *numbers) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]float64)(n))
	}
	var one float64
	err := json.Unmarshal(b, &one)
	*n = numbers{one}
	return err
}

func (n numbers) at(i int) float64 { return n[min(i, len(n)-1)] }

func TestTheStreamTellsEverySampleOnceAndTheBooksOfEachBalance(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency, s.Resource.Limit = 3*time.Millisecond, 20 })
	var load sync.WaitGroup
	stop := make(chan struct{})
	for range 30 {
		load.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					r.ask("GET", []string{"/part1/serial", "/part1/async"}[n%2], "")
				}
				if n%40 == 17 {
					r.ask("POST", "/api/v1/reset", "")
				}
			}
		})
	}
	last, samples, most, epoch, frames := 0.0, 0, 0, -1.0, 0
	r.listen("/api/v1/stream", func(event string, data []byte) bool {
		if event != "sample" {
			return true
		}
		frames++
		var f map[string]numbers
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		most = max(most, len(f["t"]))
		for i, at := range f["t"] {
			n := func(name string) float64 { return f[name].at(i) }
			if at <= last {
				t.Errorf("a sample of %.0f after one of %.0f", at, last)
			}
			last = at
			samples++
			if n("started") != n("in_flight")+n("finished")+n("failed") {
				t.Errorf("the books do not balance: %s", data)
			}
			if n("in_flight") != n("in_flight_serial")+n("in_flight_async") || n("in_flight_high") < n("in_flight") || n("in_flight_high") > 20 {
				t.Errorf("in flight: %s", data)
			}
			if n("epoch") < epoch {
				t.Errorf("the epoch went back: %s", data)
			}
			epoch = n("epoch")
		}
		return frames < 60
	})
	close(stop)
	load.Wait()
	if epoch < 1 || most < 2 { // of 50 a second, with 20 frames
		t.Errorf("%d resets, %d samples in %d frames, %d in one at most", int(epoch), samples, frames, most)
	}
}

func TestAnAsyncBurstShorterThanASampleIsSeen(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = time.Millisecond })
	var burst sync.WaitGroup
	for range 40 {
		burst.Go(func() { r.ask("GET", "/part1/async", "") })
	}
	burst.Wait()
	peak := r.Resource().Peak
	high, frames := 0.0, 0
	r.listen("/api/v1/stream", func(event string, data []byte) bool {
		if event != "sample" {
			return true
		}
		var f map[string]numbers
		if json.Unmarshal(data, &f) == nil {
			for _, n := range f["in_flight_async_high"] {
				high = max(high, n)
			}
		}
		frames++
		return int(high) < peak && frames < 400
	})
	page := r.ask("GET", "/part1", "").body
	for _, name := range []string{"held", "max"} {
		if want := fmt.Sprintf(`data-live="part1.%s">%d</span>`, name, peak); !strings.Contains(page, want) {
			t.Errorf("the page misses %s", want)
		}
	}
	if peak < 1 || int(high) != peak {
		t.Errorf("the peak was %d, the samples say %v", peak, high)
	}
}

func TestCompletedRequestsAreTold(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = 20 * time.Millisecond })
	r.ask("GET", "/part1/serial", "")
	r.ask("GET", "/part1/async", "")
	seen := map[string]part1.Request{}
	r.listen("/api/v1/stream", func(event string, data []byte) bool {
		var done []part1.Request
		if event == "event" {
			if err := json.Unmarshal(data, &done); err != nil {
				t.Fatal(err)
			}
		}
		for _, d := range done {
			seen[d.Caller] = d
		}
		return len(seen) < 2
	})
	if s := seen["serial"]; s.AnswerMS < 20 || s.ServiceMS < 20 || s.LatencyMS < s.ServiceMS || s.Outcome != "ok" || s.Weight != 1 {
		t.Errorf("%+v", s)
	}
	if a := seen["async"]; a.AnswerMS >= a.LatencyMS || a.ServiceMS < 20 {
		t.Errorf("%+v", a)
	}
	if now := float64(time.Now().UnixMilli()); seen["async"].At > now || seen["async"].At < now-60_000 {
		t.Errorf("arrived at %v, it is %v", seen["async"].At, now)
	}
}

// marks are those told and still in the history.
func (r *running) marks() (all []struct {
	At         float64
	Kind, Text string
}) {
	r.t.Helper()
	var history struct {
		Marks *[]struct {
			At         float64
			Kind, Text string
		}
	}
	history.Marks = &all
	if err := json.Unmarshal([]byte(r.ask("GET", "/api/v1/series?name=in_flight&since=10m", "").body), &history); err != nil {
		r.t.Fatal(err)
	}
	return all
}

// marked waits for a mark.
func (r *running) marked(kind, text string) {
	r.t.Helper()
	for range 1000 {
		for _, m := range r.marks() {
			if m.Kind == kind && strings.Contains(m.Text, text) {
				return
			}
		}
		<-time.After(10 * time.Millisecond)
	}
	r.t.Errorf("no mark %q %q among %v", kind, text, r.marks())
}

func TestWhatHappensIsMarked(t *testing.T) {
	r := start(t, nil)
	r.ask("PATCH", "/api/v1/settings", `{"resource":{"limit":15,"latency":"2ms"}}`, "Content-Type", "application/json")
	r.marked("settings", "resource.limit 0 → 15")
	r.marked("settings", "resource.latency 0s → 2ms")
	r.ask("POST", "/api/v1/reset", "")
	r.marked("reset", "counters")
	if err := r.Kill("mock-resource"); err != nil {
		t.Fatal(err)
	}
	r.marked("crash", "mock-resource")
	r.marked("restart", "mock-resource")
	told := 0
	r.listen("/api/v1/stream", func(event string, data []byte) bool { // what was told lately is told again to a new viewer
		var m struct{ Kind, Text string }
		if event == "mark" {
			if err := json.Unmarshal(data, &m); err != nil || m.Kind == "" || m.Text == "" {
				t.Errorf("%v: %s", err, data)
			}
			told++
		}
		return told < 5
	})
}

func TestARealLoadIsRecognised(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = 20 * time.Millisecond })
	r.ab("-q -n 300 -c 10", "/part1/async")
	r.marked("load", "load on async began")
	r.marked("load", "load on async ended: 300 requests")
	for _, m := range r.marks() {
		if strings.Contains(m.Text, "serial") {
			t.Errorf("marked: %v", m)
		}
	}
	r.ask("PATCH", "/api/v1/settings", `{"resource":{"limit":1}}`, "Content-Type", "application/json")
	r.ab("-q -n 100 -c 10", "/part1/serial")
	r.marked("load", "rejected")
}

func TestTheHistoryIsAnsweredInSteps(t *testing.T) {
	r := start(t, nil)
	r.ask("GET", "/part1/serial", "")
	for range 1000 {
		var h struct {
			StepMS int `json:"step_ms"`
			T      []float64
			Series map[string]struct {
				Kind                 string
				Mean, Min, Max, Last []float64
			}
		}
		if err := json.Unmarshal([]byte(r.ask("GET", "/api/v1/series?name=finished,in_flight&name=in_flight_high&since=10s&step=100ms", "").body), &h); err != nil {
			t.Fatal(err)
		}
		if last := h.Series["finished"].Last; h.StepMS == 100 && len(h.Series) == 3 && len(last) == len(h.T) && len(last) > 2 && last[len(last)-1] == 1 {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Error("the request is not in the history")
}

func TestAWrongQuestionNamesTheFieldThatIsWrong(t *testing.T) {
	r := start(t, nil)
	for query, field := range map[string]string{
		"name=nothing": "name", "since=yesterday": "since", "since=-5s": "since", "step=1": "step", "step=30ms": "step", "step=-20ms": "step",
		"since=24h&step=20ms": "step",
	} {
		a := r.ask("GET", "/api/v1/series?"+query, "")
		if a.status != 422 || !strings.Contains(a.body, `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

func TestTheCountersOfPrometheusAgreeWithTheBooks(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = 2 * time.Millisecond })
	for range 7 {
		r.ask("GET", "/part1/serial", "")
	}
	r.ask("POST", "/api/v1/reset", "")
	r.ask("GET", "/part1/serial", "")
	text := r.ask("GET", "/metrics", "").body
	for _, want := range []string{
		`afflux_part1_requests_total{endpoint="serial"} 8`, `afflux_part1_ok_total{endpoint="serial"} 8`,
		`afflux_part1_answer_seconds_count{endpoint="serial"} 8`, `afflux_part1_work_seconds_bucket{endpoint="serial",le="0.001"} 0`,
		`afflux_resource_finished_total{caller="serial"} 8`, "afflux_viewers 0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing %s", want)
		}
	}
}
