package live_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/live"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types afflux"

// guarded serves the demo and its stream as the lab does; while down is set it takes no
// request.
func guarded(t *testing.T, down *atomic.Bool) (*httptest.Server, *demo) {
	t.Helper()
	site, d := newDemo(t)
	pages := mux(site, d)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down != nil && down.Load() {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		pages.ServeHTTP(w, r)
	}))
	ctx, stop := context.WithCancel(context.Background())
	var stream sync.WaitGroup
	stream.Go(func() { site.Serve(ctx) })
	t.Cleanup(func() { server.Close(); stop(); stream.Wait() })
	return server, d
}

func needAssets(t *testing.T) {
	t.Helper()
	if !live.AssetsBuilt() {
		t.Fatal("this test needs the third-party files: run scripts/assets.sh")
	}
}

const latency = `document.getElementById("f-resource-latency")`

func TestAFormIsSentWithoutLeavingThePageAndKeepsTheFocus(t *testing.T) {
	needAssets(t)
	server, d := guarded(t, nil)
	b := browsertest.Start(t)
	b.Open(server.URL + "/part1")
	b.Until(`document.documentElement.classList.contains("live")`)
	b.Eval(`window.same = true`)

	b.Do(chromedp.Focus(chromedp.ID("f-resource-latency")))
	b.Eval(latency + `.select()`)
	b.Press("2000ms" + kb.Enter)
	b.Until(latency + `.value === "2s"`)
	if !browsertest.Ask[bool](b, `window.same === true && document.activeElement === `+latency) {
		t.Error("the page was left or the focus lost")
	}
	d.mu.Lock()
	if d.latency != 2*time.Second {
		t.Errorf("the setting is %v", d.latency)
	}
	d.mu.Unlock()
	b.Quiet()
}

func TestARefusedEntryStaysWhileTheValuesGoOn(t *testing.T) {
	needAssets(t)
	server, d := guarded(t, nil)
	b := browsertest.Start(t)
	b.Open(server.URL + "/part1")
	b.Until(`document.documentElement.classList.contains("live")`)
	b.Do(chromedp.Focus(chromedp.ID("f-resource-latency")))
	b.Eval(latency + `.select()`)
	b.Press("soon" + kb.Enter)
	b.Until(latency + `.getAttribute("aria-invalid") === "true"`)
	if !browsertest.Ask[bool](b, `document.activeElement === `+latency+` && `+latency+`.value === "soon" && !!document.getElementById("problems")`) {
		t.Error("the entry, the focus or the summary is gone")
	}
	b.Until(`document.documentElement.dataset.view === "held"`)
	d.inFlight.Store(7)
	b.Until(`document.querySelector(".number .value").textContent === "7"`)
	if !browsertest.Ask[bool](b, latency+`.value === "soon" && document.documentElement.dataset.view === "held"`) {
		t.Error("the values took the unsaved entry with them")
	}
	b.Click("#discard")
	b.Until(latency + `.value === "500ms" && document.documentElement.dataset.view === "live"`)
}

func TestValuesAreKeptFreshUntilFrozen(t *testing.T) {
	needAssets(t)
	server, d := guarded(t, nil)
	b := browsertest.Start(t)
	b.Open(server.URL + "/part1")
	b.Until(`document.documentElement.classList.contains("live")`)
	b.Eval(`document.getElementById("f-resource-latency-twin").open = true`)
	d.inFlight.Store(41)
	b.Until(`document.querySelector(".number .value").textContent === "41"`)
	b.Until(`[...document.querySelectorAll("#strip dd")].some((dd) => dd.textContent === "41")`)
	if !browsertest.Ask[bool](b, `document.getElementById("f-resource-latency-twin").open`) {
		t.Error("an opened command was closed by the refresh")
	}
	b.Click("#freeze")
	d.inFlight.Store(42)
	b.Do(chromedp.Sleep(1500 * time.Millisecond))
	if !browsertest.Ask[bool](b, `document.querySelector(".number .value").textContent === "41"`) {
		t.Error("a frozen page went on")
	}
	b.Click("#freeze")
	b.Until(`document.querySelector(".number .value").textContent === "42"`)
}

func TestALostServerIsSaidAndComesBack(t *testing.T) {
	needAssets(t)
	var down atomic.Bool
	server, d := guarded(t, &down)
	b := browsertest.Start(t)
	b.Open(server.URL + "/part1")
	b.Until(`document.documentElement.dataset.view === "live"`)
	down.Store(true)
	server.CloseClientConnections()
	b.Until(`/^connection lost, values from \d\d:\d\d:\d\d$/.test(document.getElementById("pulse").textContent)`)
	d.inFlight.Store(5)
	down.Store(false)
	b.Until(`document.documentElement.dataset.view === "live" && document.querySelector(".number .value").textContent === "5"`)
}

func TestTheChosenColoursAreRememberedBeforeTheFirstPaint(t *testing.T) {
	server, _ := guarded(t, nil)
	b := browsertest.Start(t)
	ground := `getComputedStyle(document.body).backgroundColor`
	b.Open(server.URL + "/part1")
	b.Click(`[data-theme-choice=light]`)
	light := browsertest.Ask[string](b, ground)
	b.Click(`[data-theme-choice=dark]`)
	dark := browsertest.Ask[string](b, ground)
	if light == dark {
		t.Errorf("both themes are drawn on %s", light)
	}
	b.Open(server.URL + "/part2")
	if again := browsertest.Ask[string](b, ground); again != dark {
		t.Errorf("the next page is drawn on %s, not %s", again, dark)
	}
	if !browsertest.Ask[bool](b, `document.querySelector("[data-theme-choice=dark]").getAttribute("aria-pressed") === "true"`) {
		t.Error("the switch does not show the choice")
	}
}

func TestNoPageIsWiderThanANarrowScreen(t *testing.T) {
	server, _ := guarded(t, nil)
	b := browsertest.Start(t)
	b.Viewport(320, 640)
	b.Open(server.URL + "/part1")
	if width := browsertest.Ask[int](b, `document.documentElement.scrollWidth`); width > 320 {
		t.Errorf("the page is %d px wide", width)
	}
}

// TestPicturesAreTaken writes what the demo looks like into the folder AFFLUX_PICTURES names.
func TestPicturesAreTaken(t *testing.T) {
	if !browsertest.Pictures() {
		return
	}
	server, _ := guarded(t, nil)
	b := browsertest.Start(t)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int{1440, 360} {
			b.Viewport(width, 900)
			b.Open(server.URL + "/part1")
			b.Click(`[data-theme-choice=` + theme + `]`)
			b.Do(chromedp.Sleep(300 * time.Millisecond))
			if width == 360 {
				b.Eval(latency + `.select()`)
				b.Press("soon" + kb.Enter)
				b.Until(latency + `.getAttribute("aria-invalid") === "true"`)
				b.Eval(`document.getElementById("f-resource-latency-twin").open = true`)
			}
			b.Screenshot(fmt.Sprintf("%s-%d", theme, width))
		}
	}
}
