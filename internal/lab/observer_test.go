package lab_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/observer"
	"github.com/affluxlab/afflux/supervise"
)

// observed is the whole observer.
func (r *running) observed() (all observer.All) {
	r.t.Helper()
	a := r.ask("GET", "/api/v1/observer", "")
	if err := json.Unmarshal([]byte(a.body), &all); err != nil || a.status != 200 {
		r.t.Fatalf("%d %v %.200s", a.status, err, a.body)
	}
	return all
}

// patiently repeats what may fail while the server restarts.
func patiently(t testing.TB, what string, within time.Duration, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > within {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// treeNow reads the tree without the server, which may be the one that was killed.
func (r *running) treeNow(name string) (child, parent supervise.Node) {
	var look func(n supervise.Node) bool
	look = func(n supervise.Node) bool {
		for _, c := range n.Children {
			if c.Name == name {
				child, parent = c, n
				return true
			}
			if look(c) {
				return true
			}
		}
		return false
	}
	look(r.Tree())
	return child, parent
}

func TestEveryChildComesBackWithinASecondUnderLoadAndNothingIsLost(t *testing.T) {
	r := start(t, func(s *config.Settings) {
		s.Resource.Latency, s.Pipeline.Consumers, s.Pipeline.Buffer = 2*time.Millisecond, 3, 1_000_000
	})
	var accepted, tries atomic.Int64
	stop := make(chan struct{})
	var load sync.WaitGroup
	client := &http.Client{Timeout: 5 * time.Second}
	for _, path := range []string{"/part1/serial", "/part1/async", "/part2/genstage", "/part2/genstage"} {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				tries.Add(1)
				res, err := client.Get(r.url + path)
				if err != nil {
					continue // the server was killed: what it had accepted it has
				}
				res.Body.Close()
				if res.StatusCode == 200 && strings.HasPrefix(path, "/part2") {
					accepted.Add(1)
				}
			}
		})
	}
	for _, name := range []string{"mock-resource", "part1", "part2", "producer", "consumer-2", "recorder", "stream", "observer", "telemetry", "http"} {
		patiently(t, "room for another restart above "+name, 10*time.Second, func() bool {
			_, above := r.treeNow(name)
			return !above.Intensity.Spent()
		})
		before, _ := r.treeNow(name)
		if a := r.ask("POST", "/api/v1/tree/"+name+"/kill", ""); a.status != 200 || !strings.Contains(a.body, `"ends":false`) {
			t.Fatalf("kill %s: %d %s", name, a.status, a.body)
		}
		within := time.Second
		if name == "http" {
			within = 2 * time.Second // requests in hand, such as the load's, get one
		}
		patiently(t, name+" runs again", within, func() bool {
			now, _ := r.treeNow(name)
			return now.State == supervise.StateRunning && now.Restarts == before.Restarts+1
		})
		for _, path := range []string{"/part1/serial", "/part1/async", "/part2/genstage"} {
			patiently(t, path+" answers after the kill of "+name, 2*time.Second, func() bool {
				res, err := client.Get(r.url + path)
				if err != nil {
					return false
				}
				res.Body.Close()
				if res.StatusCode == 200 && path == "/part2/genstage" {
					accepted.Add(1)
				}
				return res.StatusCode == 200
			})
		}
	}
	close(stop)
	load.Wait()
	client.CloseIdleConnections()
	r.worksOff()
	patiently(t, "the last use, whose caller the kill of http took, ends", time.Second, func() bool { return r.Resource().InFlight == 0 })
	p := r.Pipeline()
	if int64(p.Enqueued) < accepted.Load() || p.Enqueued != p.Done || p.Failed+p.Dropped != 0 {
		t.Errorf("%d answered OK; enqueued %d, done %d, failed %d, dropped %d", accepted.Load(), p.Enqueued, p.Done, p.Failed, p.Dropped)
	}
	if b := r.Resource(); b.Started != uint64(b.InFlight)+b.Finished+b.Failed || b.InFlight != 0 {
		t.Errorf("%+v", b)
	}
	all, killed := r.observed(), map[string]bool{}
	for _, e := range all.Log {
		if e.Kind == "killed" && e.BackMS != nil && *e.BackMS < 2000 {
			killed[e.Child] = true
		}
	}
	if len(killed) != 10 {
		t.Errorf("the log tells of %v", killed)
	}
	t.Logf("%d requests, %d events accepted and done", tries.Load(), p.Done)
}

func TestABreachEscalatesAndTheLabSaysWhyItEnds(t *testing.T) {
	r := start(t, nil)
	for range 3 {
		r.kill("recorder", 200)
	}
	if body := r.kill("recorder", 200); !strings.Contains(body, `"breach":true`) || !strings.Contains(body, `"ends":false`) || !strings.Contains(body, "telemetry bears") {
		t.Errorf("the outlook of the fourth: %s", body)
	}
	patiently(t, "telemetry is restarted", 5*time.Second, func() bool {
		n, _ := r.treeNow("telemetry")
		return n.State == supervise.StateRunning && n.Restarts == 1
	})
	for range 2 {
		r.kill("mock-resource", 200)
	}
	if body := r.kill("mock-resource", 200); !strings.Contains(body, `"ends":true`) {
		t.Errorf("the outlook of the last: %s", body)
	}
	patiently(t, "the root gives up", 5*time.Second, func() bool { return r.Tree().State == supervise.StateFailed })
	err := r.stop()
	if !errors.Is(err, supervise.ErrIntensity) || !strings.Contains(err.Error(), "afflux gave up") || !strings.Contains(err.Error(), "mock-resource") {
		t.Errorf("the lab ended with %v", err)
	}
}

// kill ends a node once it runs, and returns what was answered.
func (r *running) kill(name string, want int) string {
	r.t.Helper()
	patiently(r.t, name+" runs", 5*time.Second, func() bool { n, _ := r.treeNow(name); return n.State == supervise.StateRunning })
	a := r.ask("POST", "/api/v1/tree/"+name+"/kill", "")
	if a.status != want {
		r.t.Fatalf("kill %s: %d %s", name, a.status, a.body)
	}
	return a.body
}

func TestWhatCannotBeDoneIsRefusedInWords(t *testing.T) {
	r := start(t, nil)
	for path, want := range map[string]struct {
		status int
		words  string
	}{
		"/api/v1/tree/nobody/kill":         {404, "nobody"},
		"/api/v1/tree/afflux/kill":         {409, "root"},
		"/api/v1/tree/mock-resource/pause": {409, "cannot be paused"},
		"/api/v1/cpu?seconds=31":           {422, "1 to 30"},
		"/api/v1/cpu?seconds=x":            {422, "1 to 30"},
	} {
		if a := r.ask("POST", path, ""); a.status != want.status || !strings.Contains(a.body, want.words) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := r.ask("GET", "/api/v1/processes?window=2h", ""); a.status != 422 || !strings.Contains(a.body, "reset, 1m, 10s") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestThePausedProducerIsPartTwosPause(t *testing.T) {
	r := start(t, nil)
	if a := r.ask("POST", "/api/v1/tree/producer/pause", ""); a.status != 200 || !r.Pipeline().Paused {
		t.Errorf("%d %s; paused: %v", a.status, a.body, r.Pipeline().Paused)
	}
	if a := r.ask("GET", "/observer?node=producer", ""); !strings.Contains(a.body, "Resume</button>") || !strings.Contains(a.body, "paused: hands nothing out") {
		t.Error("the page does not offer to resume it")
	}
	if a := r.ask("POST", "/api/v1/tree/producer/resume", ""); a.status != 200 || r.Pipeline().Paused {
		t.Errorf("%d %s; paused: %v", a.status, a.body, r.Pipeline().Paused)
	}
}

func TestExposedNothingCanBeKilledOrProfiled(t *testing.T) {
	r := start(t, func(s *config.Settings) {
		s.Server.Addr, s.Server.Token, s.Server.Hosts = "0.0.0.0:4000", token, []string{"lab.example"}
	})
	auth := []string{"Authorization", "Bearer " + token}
	for _, what := range []string{"POST /api/v1/tree/mock-resource/kill", "POST /api/v1/tree/producer/pause", "POST /actions/kill", "POST /api/v1/cpu", "POST /api/v1/recorder/start", "GET /api/v1/profile/heap", "GET /api/v1/profile/trace"} {
		method, path, _ := strings.Cut(what, " ")
		if a := r.ask(method, path, "", auth...); a.status != 403 || !strings.Contains(a.body, "other machines can reach the lab") {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := r.ask("GET", "/observer?node=mock-resource", "", auth...); a.status != 200 || strings.Contains(a.body, `id="kill"`) || !strings.Contains(a.body, "Actions are off") {
		t.Errorf("the page: %d, offers a kill: %v", a.status, strings.Contains(a.body, `id="kill"`))
	}
}

// A reset in the middle of a use leaves no share above one, and no mean below it.
func TestAResetInTheMiddleOfAUseLeavesTheFiguresTrue(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = 400 * time.Millisecond })
	r.ask("GET", "/part2/genstage", "")
	time.Sleep(300 * time.Millisecond) // of the use
	r.ask("POST", "/api/v1/reset", "")
	for range 20 {
		for _, p := range r.observed().Processes.Processes {
			if p.BusyShare != nil && *p.BusyShare > 1.05 {
				t.Errorf("%s is busy for %v of the time", p.Name, *p.BusyShare)
			}
			if p.Name == "mock-resource" && p.ServiceMS != nil && *p.ServiceMS < 390 {
				t.Errorf("a use took %v ms", *p.ServiceMS)
			}
		}
	}
	r.worksOff()
}

// Where goroutines are is a link that leads there.
func TestThePlacesOfGoroutinesAreLinksToTheSource(t *testing.T) {
	r := start(t, nil)
	r.observed() // a census
	page := r.ask("GET", "/observer?node=consumer-1", "").body
	links := regexp.MustCompile(`href="(/source/[^"#]+)#L\d+"`).FindAllStringSubmatch(page, -1)
	if len(links) < 5 {
		t.Fatalf("%d links", len(links))
	}
	for _, l := range links {
		if a := r.ask("GET", l[1], ""); a.status != 200 {
			t.Errorf("%s: %d", l[1], a.status)
		}
	}
}

// An async burst reads as what it is.
func TestACensusTellsWhereAnAsyncBurstIs(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = 20 * time.Second; s.Server.Grace = time.Millisecond })
	r.ab("-n 500 -c 20", "/part1/async")
	all := r.observed()
	g := all.Goroutines.Groups[0]
	if g.Count != 500 || g.Doing != "in the mock resource" || g.Labels["part"] != "part1" || g.Labels["endpoint"] != "async" || !strings.HasPrefix(g.Source, "internal/resource/place.go:") {
		t.Errorf("%+v", g)
	}
	for _, p := range all.Processes.Processes {
		if p.Name == "part1" && (p.Goroutines == nil || *p.Goroutines != 501) {
			t.Errorf("%+v", p)
		}
		if p.Name == "mock-resource" && p.Doing != "500 uses going on" {
			t.Errorf("%+v", p)
		}
	}
}
