package observer_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/observer"
	"github.com/affluxlab/afflux/supervise"
)

func get(t *testing.T, o *observer.Observer, path string, into any) {
	t.Helper()
	for _, r := range o.Routes() {
		if r.Path == path {
			w := httptest.NewRecorder()
			r.Handler(w, httptest.NewRequest("GET", path, nil))
			if err := json.Unmarshal(w.Body.Bytes(), into); err != nil || w.Code != 200 {
				t.Fatalf("%d %v %s", w.Code, err, w.Body)
			}
			return
		}
	}
	t.Fatalf("no route %s", path)
}

func open(t *testing.T, tree supervise.Node) *observer.Observer {
	t.Helper()
	o, err := observer.New(observer.Config{Tree: func() supervise.Node { return tree }, Module: "example.com/m"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTheTreeIsShownWithPathsInItsRepository(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o := open(t, supervise.Node{Name: "root", Kind: "supervisor", Strategy: "one_for_one", State: supervise.StateRunning, Children: []supervise.Node{
		{Name: "c", Kind: "worker", State: supervise.StateFailed, Restarts: 2, LastError: "bad", StartedAt: began, Source: "example.com/m/pkg/file.go:7"},
		{Name: "d", Kind: "worker", State: supervise.StateIdle, Source: "elsewhere/file.go:1"},
	}})
	var n observer.Node
	get(t, o, "/api/v1/tree", &n)
	c, d := n.Children[0], n.Children[1]
	if n.Name != "root" || c.Source != "pkg/file.go:7" || c.Restarts != 2 || c.LastError != "bad" || !c.StartedAt.Equal(began) || c.Goroutines != nil {
		t.Errorf("%+v", n)
	}
	if d.Source != "elsewhere/file.go:1" || d.StartedAt != nil || d.Children == nil {
		t.Errorf("%+v", d)
	}
}

func TestTheFiguresAreThoseOfTheSystem(t *testing.T) {
	o := open(t, supervise.Node{})
	waiting := make(chan struct{})
	defer close(waiting)
	for range 500 {
		go func() { <-waiting }()
	}
	began := time.Now()
	for sum := 0; time.Since(began) < 100*time.Millisecond; sum++ { // real work costs real time
		_ = strconv.Itoa(sum)
	}
	var f observer.Runtime
	get(t, o, "/api/v1/runtime", &f)
	if f.Goroutines.Total < 500 || f.Goroutines.Waiting < 490 {
		t.Errorf("%+v", f.Goroutines)
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	system := time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
	if off := system - f.CPU.TotalS; off < -0.05 || off > 0.05 {
		t.Errorf("CPU %v s, the system says %v s", f.CPU.TotalS, system)
	}
	if f.CPU.SinceResetS < 0.05 || f.CPU.SinceResetS > f.CPU.TotalS {
		t.Errorf("%+v", f.CPU)
	}
	if rss := residentPages(t) * uint64(os.Getpagesize()); float64(f.RSS) < 0.8*float64(rss) || float64(f.RSS) > 1.2*float64(rss) {
		t.Errorf("RSS %d, the system says %d", f.RSS, rss)
	}
	if err := o.Mark(); err != nil {
		t.Fatal(err)
	}
	get(t, o, "/api/v1/runtime", &f)
	if f.CPU.SinceResetS > 0.05 {
		t.Errorf("after a reset: %+v", f.CPU)
	}
}

func residentPages(t *testing.T) uint64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
