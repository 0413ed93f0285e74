package guide_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/guide"
	"github.com/affluxlab/afflux/internal/live"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types afflux"

// guarded serves the guide of this repository, with the stream, as the lab does.
func guarded(t *testing.T) string {
	t.Helper()
	g, err := guide.New(source(t))
	if err != nil {
		t.Fatal(err)
	}
	site, err := live.New(live.Config{Viewers: 10})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, p := range g.Pages() {
		if err := site.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range site.Routes() {
		mux.HandleFunc(r.Method+" "+r.Path, r.Handler)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	}))
	ctx, stop := context.WithCancel(context.Background())
	var stream sync.WaitGroup
	stream.Go(func() { site.Serve(ctx) })
	t.Cleanup(func() { server.Close(); stop(); stream.Wait() })
	return server.URL
}

const (
	noWider = `document.documentElement.scrollWidth <= innerWidth`
	loaded  = `document.readyState === "complete" && document.documentElement.classList.contains("js")`
)

func TestPagesFitWideAndNarrowInLightAndDark(t *testing.T) {
	address := guarded(t)
	b := browsertest.Start(t)
	for width, name := range map[int]string{1280: "wide", 390: "narrow"} {
		b.Viewport(width, 800)
		for page, path := range map[string]string{
			"guide": "/guide", "guide-open": "/guide?answers=open", "file": "/source/internal/resource/caller.go#L10", "page": "/source/internal/live/templates/shell.html",
			"folder": "/source/internal", "document": "/source/ARCHITECTURE.md", "missing": "/source/internal/nowhere/caller.go",
		} {
			b.Open(address + path)
			b.Until(loaded)
			for _, scheme := range []string{"light", "dark"} { // an open page follows
				b.Prefer(browsertest.Media{Scheme: scheme})
				if !browsertest.Ask[bool](b, `matchMedia("(prefers-color-scheme: `+scheme+`)").matches && `+noWider) {
					t.Errorf("%s at %d, %s: the page scrolls sideways", path, width, scheme)
				}
				b.Screenshot(page + "-" + scheme + "-" + name)
			}
		}
	}
	for _, said := range b.Complaints() {
		if want := "Failed to load resource: the server responded with a status of 404"; !contains(said, want) || !contains(said, "nowhere") {
			t.Error(said)
		}
	}
}

func TestALineThatIsLinkedToStandsInSightAndOut(t *testing.T) {
	b := browsertest.Start(t)
	b.Viewport(1280, 600)
	b.Open(guarded(t) + "/source/internal/live/doc.go#L90")
	b.Until(`(() => { const { top, bottom } = document.getElementById("L90").getBoundingClientRect(); return top > 0 && bottom < innerHeight })()`)
	if browsertest.Ask[bool](b, `getComputedStyle(document.querySelector("#L90")).backgroundColor === getComputedStyle(document.querySelector("#L91")).backgroundColor`) {
		t.Error("the line looks like the next one")
	}
	b.Click("#L95 .ln")
	b.Until(`location.hash === "#L95" && document.querySelector("#L95:target")`)
	copied := browsertest.Ask[string](b, `(() => { const r = document.createRange(); r.setStartBefore(document.getElementById("L95")); r.setEndAfter(document.getElementById("L96")); getSelection().removeAllRanges(); getSelection().addRange(r); return getSelection().toString() })()`)
	want := browsertest.Ask[string](b, `["L95", "L96"].map((id) => document.querySelector("#" + id + " .cl").textContent).join("")`)
	if trimmed(copied) != trimmed(want) {
		t.Errorf("what is copied is %q, and the lines are %q", copied, want)
	}
	b.Quiet()
}

func TestTheGuideIsReadByItsContentsAndItsAnswersOpen(t *testing.T) {
	b := browsertest.Start(t)
	b.Viewport(1280, 800)
	b.Open(guarded(t) + "/guide")
	b.Until(loaded)
	b.Click(`aside.contents a[href="#section-1-part-2"]`)
	b.Until(`(() => { const { top } = document.getElementById("section-1-part-2").getBoundingClientRect(); return top >= 0 && top < 200 })()`)
	if !browsertest.Ask[bool](b, `document.querySelector("aside.contents").getBoundingClientRect().top >= 0`) {
		t.Error("the contents are left behind")
	}
	b.Click(".answer summary")
	b.Until(`document.querySelector(".answer").open`)
	b.Viewport(390, 800)
	b.Until(`!document.querySelector("aside.contents").checkVisibility() && document.querySelector(".contents-fold summary").checkVisibility()`)
	b.Quiet()
}
