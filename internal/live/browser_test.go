package live_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/affluxlab/afflux/internal/live"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types afflux"

// guarded serves the demo as the lab does; while down is set it cuts every connection.
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
	t.Cleanup(server.Close)
	return server, d
}

// browser starts a Chromium that talks to nobody but the test's server.
func browser(t *testing.T) context.Context {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Fatal("this test needs a chromium on the PATH: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("no-pings", true),
	)
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	return ctx
}

// complaints gathers what the browser's console says; the returned function ends the
// gathering and hands it over.
func complaints(ctx context.Context) func() []string {
	ctx, cancel := context.WithCancel(ctx)
	var (
		mu   sync.Mutex // guards said
		said []string
		all  sync.WaitGroup
	)
	say := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, text)
	}
	listen(ctx, &all, log.EntryAdded, func(e log.EventEntryAdded) { say(e.Entry.Text + " " + e.Entry.URL) })
	listen(ctx, &all, runtime.ExceptionThrown, func(e runtime.EventExceptionThrown) {
		say(fmt.Sprintf("%+v", *e.ExceptionDetails))
	})
	return func() []string {
		cancel()
		all.Wait()
		return said
	}
}

func listen[E any](ctx context.Context, all *sync.WaitGroup, event cdp.Event[E], take func(E)) {
	events := chromedp.Events(ctx, event)
	all.Go(func() {
		for e, err := range events {
			if err != nil {
				return
			}
			take(e)
		}
	})
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func ask[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to become true.
func until(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(15*time.Second), chromedp.WithPollingInterval(50*time.Millisecond)))
	if err != nil {
		t.Fatalf("never true: %s: %v\n%s", expression, err, ask[string](t, ctx, "document.documentElement.dataset.view + ': ' + (document.activeElement || {}).outerHTML"))
	}
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
	ctx := browser(t)
	quiet := complaints(ctx)
	do(t, ctx, chromedp.Navigate(server.URL+"/part1"))
	until(t, ctx, `document.documentElement.classList.contains("live")`)
	ask[bool](t, ctx, `window.same = true`)

	do(t, ctx, chromedp.Focus(chromedp.ID("f-resource-latency")))
	ask[bool](t, ctx, latency+`.select() === undefined`)
	do(t, ctx, chromedp.KeyEvent("2000ms\r"))
	until(t, ctx, latency+`.value === "2s"`)
	if !ask[bool](t, ctx, `window.same === true && document.activeElement === `+latency) {
		t.Error("the page was left or the focus lost")
	}
	d.mu.Lock()
	if d.latency != 2*time.Second {
		t.Errorf("the setting is %v", d.latency)
	}
	d.mu.Unlock()
	if said := quiet(); len(said) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(said, "\n"))
	}
}

func TestARefusedEntryStaysAndHoldsTheRefresh(t *testing.T) {
	needAssets(t)
	server, d := guarded(t, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(server.URL+"/part1"))
	until(t, ctx, `document.documentElement.classList.contains("live")`)
	do(t, ctx, chromedp.Focus(chromedp.ID("f-resource-latency")))
	ask[bool](t, ctx, latency+`.select() === undefined`)
	do(t, ctx, chromedp.KeyEvent("soon\r"))
	until(t, ctx, latency+`.getAttribute("aria-invalid") === "true"`)
	if !ask[bool](t, ctx, `document.activeElement === `+latency+` && `+latency+`.value === "soon" && !!document.getElementById("problems")`) {
		t.Error("the entry, the focus or the summary is gone")
	}
	until(t, ctx, `document.documentElement.dataset.view === "held"`)
	d.inFlight.Store(7)
	do(t, ctx, chromedp.Sleep(1500*time.Millisecond))
	if !ask[bool](t, ctx, latency+`.value === "soon" && document.querySelector(".number .value").textContent === "3,000"`) {
		t.Error("the refresh went on over an unsaved entry")
	}
	do(t, ctx, chromedp.Click(chromedp.ID("discard")))
	until(t, ctx, latency+`.value === "500ms" && document.querySelector(".number .value").textContent === "7"`)
}

func TestValuesAreKeptFreshUntilFrozen(t *testing.T) {
	needAssets(t)
	server, d := guarded(t, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(server.URL+"/part1"))
	until(t, ctx, `document.documentElement.classList.contains("live")`)
	ask[bool](t, ctx, `document.getElementById("f-resource-latency-twin").open = true`)
	d.inFlight.Store(41)
	until(t, ctx, `document.querySelector(".number .value").textContent === "41"`)
	until(t, ctx, `[...document.querySelectorAll("#strip dd")].some((dd) => dd.textContent === "41")`)
	if !ask[bool](t, ctx, `document.getElementById("f-resource-latency-twin").open`) {
		t.Error("an opened command was closed by the refresh")
	}
	do(t, ctx, chromedp.Click(chromedp.ID("freeze")))
	d.inFlight.Store(42)
	do(t, ctx, chromedp.Sleep(1500*time.Millisecond))
	if !ask[bool](t, ctx, `document.querySelector(".number .value").textContent === "41"`) {
		t.Error("a frozen page went on")
	}
	do(t, ctx, chromedp.Click(chromedp.ID("freeze")))
	until(t, ctx, `document.querySelector(".number .value").textContent === "42"`)
}

func TestALostServerIsSaidAndComesBack(t *testing.T) {
	needAssets(t)
	var down atomic.Bool
	server, d := guarded(t, &down)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(server.URL+"/part1"))
	until(t, ctx, `document.documentElement.dataset.view === "live"`)
	down.Store(true)
	until(t, ctx, `/^connection lost, values from \d\d:\d\d:\d\d$/.test(document.getElementById("pulse").textContent)`)
	d.inFlight.Store(5)
	down.Store(false)
	until(t, ctx, `document.documentElement.dataset.view === "live" && document.querySelector(".number .value").textContent === "5"`)
}

func TestTheChosenColoursAreRememberedBeforeTheFirstPaint(t *testing.T) {
	server, _ := guarded(t, nil)
	ctx := browser(t)
	ground := `getComputedStyle(document.body).backgroundColor`
	do(t, ctx, chromedp.Navigate(server.URL+"/part1"), chromedp.Click(chromedp.CSS(`[data-theme-choice=light]`)))
	light := ask[string](t, ctx, ground)
	do(t, ctx, chromedp.Click(chromedp.CSS(`[data-theme-choice=dark]`)))
	dark := ask[string](t, ctx, ground)
	if light == dark {
		t.Errorf("both themes are drawn on %s", light)
	}
	do(t, ctx, chromedp.Navigate(server.URL+"/part2"))
	if again := ask[string](t, ctx, ground); again != dark {
		t.Errorf("the next page is drawn on %s, not %s", again, dark)
	}
	if !ask[bool](t, ctx, `document.querySelector("[data-theme-choice=dark]").getAttribute("aria-pressed") === "true"`) {
		t.Error("the switch does not show the choice")
	}
}

func TestNoPageIsWiderThanANarrowScreen(t *testing.T) {
	server, _ := guarded(t, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.EmulateViewport(320, 640), chromedp.Navigate(server.URL+"/part1"))
	if width := ask[int](t, ctx, `document.documentElement.scrollWidth`); width > 320 {
		t.Errorf("the page is %d px wide", width)
	}
}

// TestPicturesAreTaken writes what the demo looks like into the folder AFFLUX_PICTURES names.
func TestPicturesAreTaken(t *testing.T) {
	target := os.Getenv("AFFLUX_PICTURES")
	if target == "" {
		return
	}
	server, _ := guarded(t, nil)
	ctx := browser(t)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 360} {
			do(t, ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(server.URL+"/part1"),
				chromedp.Click(chromedp.CSS(`[data-theme-choice=`+theme+`]`)), chromedp.Sleep(300*time.Millisecond))
			if width == 360 {
				ask[bool](t, ctx, latency+`.select() === undefined`)
				do(t, ctx, chromedp.KeyEvent("soon\r"))
				until(t, ctx, latency+`.getAttribute("aria-invalid") === "true"`)
				ask[bool](t, ctx, `document.getElementById("f-resource-latency-twin").open = true`)
			}
			picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(target, fmt.Sprintf("%s-%d.png", theme, width)), picture, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
