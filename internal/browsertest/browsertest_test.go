package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(Shared(m)) }

// alone has a test start processes of its own.
func alone(t *testing.T) {
	shared := all
	all = nil
	t.Cleanup(func() { all = shared })
}

// pages serves a page for each path, with a strict policy, and none for others.
func pages(t *testing.T, byPath map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src *; img-src 'self' data:")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Content-Type", "text/javascript")
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// icon keeps the browser from asking for one.
const icon = `<link rel="icon" href="data:,">`

// failing runs f as the test of a testing.TB that does not pass failures on, and
// returns what it was told.
func failing(t *testing.T, f func(testing.TB)) string {
	t.Helper()
	fake := &told{TB: t}
	done := make(chan bool)
	go func() { defer close(done); f(fake) }() // of its own, as Fatal ends its goroutine
	<-done
	return fake.text
}

type told struct {
	testing.TB
	text string
}

func (f *told) Errorf(format string, args ...any) { f.text += fmt.Sprintf(format, args...) }
func (f *told) Fatalf(format string, args ...any) { f.Errorf(format, args...); runtime.Goexit() }
func (f *told) Fatal(args ...any)                 { f.text += fmt.Sprint(args...); runtime.Goexit() }

func TestWithoutAChromiumTheTestFailsAndSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if text := failing(t, func(t testing.TB) { Start(t) }); !strings.Contains(text, "apt-get install chromium") {
		t.Errorf("it says %q", text)
	}
}

func TestAProgramThatIsNoBrowserIsToldByName(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "chromium"), []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if text := failing(t, func(t testing.TB) { Start(t) }); !strings.Contains(text, "chromium did not come up") {
		t.Errorf("it says %q", text)
	}
}

func TestABrowserOfItsOwnIsGoneWithItsTest(t *testing.T) {
	alone(t)
	url := pages(t, map[string]string{"/": icon + `<title>The page</title>`})
	var b *Browser
	t.Run("its test", func(t *testing.T) {
		b = Start(t)
		b.Open(url)
		b.Until(`document.title === "The page"`)
	})
	if b.ctx.Err() == nil {
		t.Error("it is still there")
	}
}

func TestThoseThatShareAProcessShareNothingElse(t *testing.T) {
	url := pages(t, map[string]string{"/": icon + `<title>The page</title>`})
	const seen = `[document.cookie, localStorage.getItem("a") ?? ""].join()`
	var before *Browser
	t.Run("one", func(t *testing.T) {
		before = Start(t)
		before.Viewport(320, 640)
		before.Open(url)
		before.Eval(`document.cookie = "a=b; max-age=1000"; localStorage.setItem("a", "c"); console.error("by the way")`)
		if got := Ask[string](before, seen); got != "a=b,c" {
			t.Errorf("it keeps %q", got)
		}
		other := Start(t) // at the same time
		other.Open(url)
		if got := Ask[string](other, seen); got != "," {
			t.Errorf("another one sees %q", got)
		}
	})
	if before.ctx.Err() == nil {
		t.Error("it is still there")
	}
	b := Start(t)
	b.Open(url)
	if got := Ask[string](b, seen); got != "," {
		t.Errorf("the next one sees %q", got)
	}
	if width := Ask[int](b, `innerWidth`); width == 320 {
		t.Error("the next one is as narrow")
	}
	if !Ask[bool](b, `document.visibilityState === "visible" && document.hasFocus()`) {
		t.Error("the next one is hidden, or does not have the focus")
	}
	b.Quiet()
}

func TestACrashOfASharedProcessEndsOneTestOnly(t *testing.T) {
	shared := all
	all = &process{}
	t.Cleanup(func() { all.end(); all = shared })
	t.Run("one", func(t *testing.T) {
		b := Start(t)
		chromedp.FromContext(b.ctx).Browser.Process().Kill()
		<-b.ctx.Done()
	})
	b := Start(t)
	b.Open(pages(t, map[string]string{"/": icon + `<title>The page</title>`}))
	b.Until(`document.title === "The page"`)
}

func TestTheConsoleIsHeard(t *testing.T) {
	url := pages(t, map[string]string{
		"/quiet":    icon + `<p>nothing to say`,
		"/loud":     icon + `<script src="/loud.js"></script><script>inline()</script><img src="/missing.png">`,
		"/loud.js":  `console.log("chatter"); console.error("it", {is: 1}, "wrong"); console.warn("beware"); setTimeout(() => nothing.here)`,
		"/again":    icon + `<script src="/again.js"></script>`,
		"/again.js": `Promise.reject(new Error("unhandled"))`,
	})
	b := Start(t)
	b.Open(url + "/quiet")
	b.Quiet()

	b.Open(url + "/loud")
	b.Until(`document.readyState === "complete"`)
	said := strings.Join(b.Complaints(), "\n")
	for _, want := range []string{"error: it Object wrong", "warning: beware", "ReferenceError: nothing is not defined", "Content Security Policy", "/missing.png"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q was not heard in\n%s", want, said)
		}
	}
	if strings.Contains(said, "chatter") {
		t.Errorf("what is no complaint was heard in\n%s", said)
	}
	b.Quiet() // those were handed over

	b.Open(url + "/again")
	if text := failing(t, func(t testing.TB) { b.In(t).Quiet() }); !strings.Contains(text, "Error: unhandled") {
		t.Errorf("it says %q", text)
	}
}

func TestThePageCannotReachAnyoneElse(t *testing.T) {
	alone(t)                                     // a shared one may have come up before, without that proxy
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9") // nobody there: asking it would fail too, but for loopback as well
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	url := pages(t, map[string]string{"/": icon})
	b := Start(t)
	b.Open(url)
	for _, to := range []string{"http://example.com", "https://192.0.2.1", "http://[2001:db8::1]"} {
		Ask[string](b, `fetch("`+to+`", {mode: "no-cors"}).then(() => "reached", (e) => "not reached")`)
		if said := strings.Join(b.Complaints(), "\n"); !strings.Contains(said, "ERR_NAME_NOT_RESOLVED") {
			t.Errorf("%s: %q", to, said)
		}
	}
	if got := Ask[int](b, `fetch("/").then((r) => r.status)`); got != 200 {
		t.Errorf("the test's own server answers %d", got)
	}
}

func TestUntilOutlivesThePageItBeganWith(t *testing.T) {
	url := pages(t, map[string]string{
		"/first":   icon + `<title>first</title><script src="/go.js"></script>`,
		"/go.js":   `setTimeout(() => location.assign("/second"), 200)`,
		"/second":  icon + `<title>second</title><script src="/late.js"></script>`,
		"/late.js": `setTimeout(() => document.body.append("late"), 200)`,
	})
	b := Start(t)
	b.Open(url + "/first")
	b.Until(`document.title === "second" && document.body.textContent.includes("late")`)
}

func TestAnUntilThatFailsSaysWhatItSaw(t *testing.T) {
	url := pages(t, map[string]string{
		"/":     icon + `<html data-view="held"><title>The page</title><input id="entry" autofocus>some text<script src="/a.js"></script>`,
		"/a.js": `document.getElementById("entry").focus(); console.error("by the way")`,
	})
	b := Start(t)
	b.Open(url)
	for expression, wants := range map[string][]string{
		`1 === 2`:       {url, `"The page"`, `"view":"held"`, `<input id="entry"`, "some text", "by the way"},
		`nothing.there`: {"it throws", "nothing is not defined"},
	} {
		err := b.until(expression, 300*time.Millisecond)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q lacks %q", expression, err, want)
			}
		}
	}
}

func TestAStepThatFailsSaysWhere(t *testing.T) {
	url := pages(t, map[string]string{"/": icon + `<title>The page</title>`})
	b := Start(t)
	b.Open(url)
	text := failing(t, func(t testing.TB) { Ask[int](b.In(t), `missing.call()`) })
	if !strings.Contains(text, "missing.call()") || !strings.Contains(text, "missing is not defined") || !strings.Contains(text, `"The page"`) {
		t.Errorf("it says %q", text)
	}
	text = failing(t, func(t testing.TB) { b.In(t).Open("http://127.0.0.1:1/") })
	if !strings.Contains(text, "ERR_") {
		t.Errorf("it says %q", text)
	}
	b.Open(url + "/nowhere")
	if got := Ask[string](b, `document.body.textContent`); !strings.Contains(got, "not found") {
		t.Errorf("a 404 is a page too, not %q", got)
	}
}

func TestTheVisitorIsWhoTheTestSays(t *testing.T) {
	b := Start(t)
	b.Open(pages(t, map[string]string{"/": icon + `<meta name="viewport" content="width=device-width">`}))
	matches := func(query string) bool { b.t.Helper(); return Ask[bool](b, `matchMedia("(`+query+`)").matches`) }
	b.Prefer(Media{Scheme: "dark", Motion: "reduce", Contrast: "more", Colours: "active"})
	for _, query := range []string{"prefers-color-scheme: dark", "prefers-reduced-motion: reduce", "prefers-contrast: more", "forced-colors: active"} {
		if !matches(query) {
			t.Errorf("not %s", query)
		}
	}
	b.Prefer(Media{Scheme: "light", Type: "print"})
	if !matches("prefers-color-scheme: light") || matches("prefers-reduced-motion: reduce") || matches("forced-colors: active") || !Ask[bool](b, `matchMedia("print").matches`) {
		t.Error("what was preferred before remains, or what is preferred now does not count")
	}
	b.Viewport(320, 640)
	if got := Ask[[]int](b, `[innerWidth, innerHeight]`); got[0] != 320 || got[1] != 640 {
		t.Errorf("the viewport is %v", got)
	}
}

func TestKeysAndClicksArrive(t *testing.T) {
	b := Start(t)
	b.Open(pages(t, map[string]string{
		"/": icon + `<input id="a"><button>b</button><script src="/keys.js"></script>`,
		"/keys.js": `globalThis.seen = [];
			addEventListener("keydown", (e) => seen.push((e.ctrlKey ? "ctrl+" : "") + (e.shiftKey ? "shift+" : "") + e.key));
			addEventListener("click", (e) => seen.push("click " + e.target.localName));`,
	}))
	b.Do(chromedp.Focus(chromedp.ID("a")))
	b.Press("a1" + kb.Enter + kb.Escape + kb.ArrowLeft)
	b.Press("k", chromedp.ModifierCtrl)
	b.Press(kb.Tab, chromedp.ModifierShift)
	b.Click("button")
	if got := strings.Join(Ask[[]string](b, "seen"), " "); got != "a 1 Enter Escape ArrowLeft ctrl+k shift+Tab click button" {
		t.Errorf("the page saw %s", got)
	}
	if got := Run(b, chromedp.Value(chromedp.ID("a"))); got != "a1" {
		t.Errorf("typed %q", got)
	}
}

func TestPicturesAreWrittenWhereTheyAreWanted(t *testing.T) {
	b := Start(t)
	b.Open(pages(t, map[string]string{"/": icon + `<p>a picture`}))
	t.Setenv("AFFLUX_PICTURES", "")
	b.Screenshot("none")
	dir := t.TempDir()
	t.Setenv("AFFLUX_PICTURES", dir)
	b.Screenshot("one")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != "one.png" {
		t.Errorf("%v, %v", files, err)
	}
	if png, _ := os.ReadFile(filepath.Join(dir, "one.png")); !strings.HasPrefix(string(png), "\x89PNG") {
		t.Error("that is no PNG")
	}
}
