package observer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/observer"
	"github.com/affluxlab/afflux/supervise"
)

// deaf returns when its owner lets it, whatever its context says. All that the lab
// supervises returns when it is told to, so nothing of the lab can stand for it.
type deaf struct{ let chan struct{} }

func (d deaf) Serve(context.Context) error { <-d.let; return nil }

// besides serves beside the test, until it ends.
func besides(t *testing.T, serve func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = serve(ctx) }) // says that it was told to end
	t.Cleanup(func() { cancel(); all.Wait() })
}

// shown serves the page of an observer, with its stream.
func shown(t *testing.T, o *observer.Observer) (url string) {
	t.Helper()
	site, err := live.New(live.Config{Viewers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Add(o.Page()); err != nil {
		t.Fatal(err)
	}
	for _, p := range o.Panels() {
		site.Share(p)
	}
	// What is told of the chosen node follows the values, of which this site has no other.
	site.Watch(live.Values{Name: "test", Read: func(put func(string, live.Value)) { put("none", live.Value{}) }})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/series", func(w http.ResponseWriter, r *http.Request) { // of charts, which stay empty
		fmt.Fprintf(w, `{"step_ms":%s,"t":[],"series":{}}`, strings.TrimSuffix(r.FormValue("step"), "ms"))
	})
	for _, r := range append(site.Routes(), o.Routes()...) {
		mux.HandleFunc(r.Method+" "+r.Path, r.Handler)
	}
	besides(t, site.Serve)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAChildThatDoesNotReturnIsShownAsStuckUntilItDoes(t *testing.T) {
	if !live.AssetsBuilt() {
		t.Fatal("this test needs the third-party files: run scripts/assets.sh")
	}
	child := deaf{make(chan struct{})}
	var tree *supervise.Tree
	o, err := observer.New(observer.Config{
		Tree: func() supervise.Node { return tree.Snapshot() },
		Kill: func(name string) error { return tree.Kill(name) },
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err = supervise.New(supervise.Config{Name: "root", Hook: o.Tell, Children: []supervise.Child{
		{Name: "deaf", Service: child, Stop: 100 * time.Millisecond},
	}})
	if err != nil {
		t.Fatal(err)
	}
	url := shown(t, o)
	besides(t, tree.Serve)
	t.Cleanup(func() { close(child.let) }) // before the tree is waited for

	b := browsertest.Start(t)
	b.Open(url + "/observer?node=deaf")
	b.Until(`document.documentElement.dataset.stream === "live"`)
	state := `document.querySelector('.kin[data-pick="deaf"] .kin-head').textContent.replace("deaf", "").trim()`
	b.Until(state + ` === "running"`)
	b.Click("#kill")
	b.Until(`document.activeElement?.id === "leave-alone"`)
	b.Click("#kill-now")
	b.Until(state + ` === "stuck"`)
	b.Until(`document.querySelector('[data-panel="observer/notices"]').textContent.includes("deaf is stuck: it was told to end ")`)
	b.Until(`document.querySelector(".log").textContent.includes("deaf is stuck: it did not return within 100ms")`)
	b.Until(`document.querySelector("#detail").textContent.includes("stuck")`)
	b.Screenshot("observer-stuck")

	child.let <- struct{}{} // it returns after all, and starts again
	b.Until(state + ` === "running"`)
	b.Until(`!document.querySelector('[data-panel="observer/notices"]').textContent.includes("stuck")`)
	b.Until(`document.querySelector('.kin[data-pick="deaf"]').textContent.includes("restarted once")`)
	b.Quiet()
}
