package lab_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/live"
)

// ab puts real load on an endpoint.
func (r *running) ab(args, path string) {
	r.t.Helper()
	out, err := exec.Command("ab", append(strings.Fields(args), r.url+path)...).CombinedOutput()
	if err != nil {
		r.t.Errorf("ab %s %s: %v\n%s", args, path, err, out)
	}
}

func slow(s *config.Settings) { s.Resource.Latency = 500 * time.Millisecond }

// look opens a page of a lab in a browser, once it is live.
func look(t *testing.T, r *running, path string) *browsertest.Browser {
	t.Helper()
	if !live.AssetsBuilt() {
		t.Fatal("this test needs the third-party files: run scripts/assets.sh")
	}
	b := browsertest.Start(t)
	b.Open(r.url + path)
	alive(b)
	return b
}

// alive waits until values and charts follow the stream.
func alive(b *browsertest.Browser) {
	b.Until(`document.documentElement.dataset.stream === "live" && document.documentElement.dataset.view === "live"`)
	b.Until(`[...document.querySelectorAll(".chart .legend .reading")].every((o) => o.textContent !== "")`)
}

// told is the text of a value of the page; drawn that of a chart's line.
func told(name string) string {
	return fmt.Sprintf(`document.querySelector("#main [data-live='%s']").textContent`, name)
}

func drawn(series string) string {
	return fmt.Sprintf(`document.querySelector("[data-series='%s'] .reading").textContent`, series)
}

func TestThePageFollowsARealRun(t *testing.T) {
	r := start(t, slow)
	b := look(t, r, "/part1")
	b.Until(`document.querySelector("#chart-in-flight .plot-note").textContent === "Nothing has happened in this time."`)
	done := make(chan struct{})
	go func() { defer close(done); r.ab("-q -n 300 -c 50", "/part1/serial") }()
	b.Until(told("part1.now") + ` === "50"`)
	b.Until(told("part1.workshop") + ` === "50"`)
	b.Until(`/\b50\b/.test(` + drawn("in_flight_serial") + `)`)
	b.Until(`/in flight/.test(` + told("part1.summary") + `)`)
	<-done
	b.Until(told("part1.now") + ` === "0" && ` + told("part1.finished") + ` === "300"`)
	for name, want := range map[string]string{
		"part1.requests": "300", "part1.ok": "300", "part1.open": "0", "part1.max": "50", "part1.held": "50", "part1.cost": "150", "part1.cost_how": "300 × 500 ms",
	} {
		if got := browsertest.Ask[string](b, told(name)); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
	b.Until(drawn("in_flight_serial") + ` === "0 · peak 50"`)
	b.Until(`document.querySelectorAll("[data-panel='part1/latency'] rect").length > 0`)
	b.Until(told("part1.serial_done") + ` === "300"`)
	b.Until(`/^At rest. 300 done/.test(document.getElementById("spoken").textContent)`)
	// The timeline has drawn something: not every pixel of it is like the first.
	b.Until(`(() => { const c = document.querySelector("[data-timeline] canvas"); const p = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < p.length; i += 4) if (p[i]) n++; return n > 500 })()`)
	b.Screenshot("serial")
	b.Quiet()
}

func TestControlsChangeTheLabAndThePageAtOnce(t *testing.T) {
	r := start(t, slow)
	b := look(t, r, "/part1")
	strip := func(name string) string {
		return fmt.Sprintf(`document.querySelector("#strip [data-live='lab.%s']").textContent`, name)
	}
	b.Click("#f-resource-latency-step-0 button")
	b.Until(`document.getElementById("f-resource-latency").value === "2.5s" && ` + strip("resource") + ` === "2.5 s constant"`)
	b.Click("#f-resource-latency-step-1 button")
	b.Until(`document.getElementById("f-resource-latency").value === "500ms"`)
	b.Click("#f-resource-limit-step-1 button")
	b.Until(strip("limit") + ` === "15"`)
	r.ab("-q -n 200 -c 20", "/part1/async")
	// 15 are served in every half second that the run takes, the rest is rejected.
	b.Until(told("part1.requests") + ` === "200" && Number(` + told("part1.rejected") + `) > 0 && ` + told("part1.max") + ` === "15"`)
	b.Until(drawn("requests_rejected") + `.includes("peak")`)
	b.Until(`document.querySelector("[data-panel='part1/latency']").textContent.includes("async: client sees a refusal")`)
	b.Screenshot("limit")
	b.Click("#f-Reset\\ counters")
	b.Until(told("part1.rejected") + ` === "0" && ` + told("part1.requests") + ` === "0"`)
	// Changes that come from elsewhere reach the controls too.
	r.ask("PATCH", "/api/v1/settings", `{"resource":{"on_full":"wait"}}`, "Content-Type", "application/json")
	b.Until(`document.getElementById("f-resource-on_full").value === "wait"`)
	b.Quiet()
}

func TestAFrozenViewStandsWhileRecordingGoesOn(t *testing.T) {
	r := start(t, nil)
	b := look(t, r, "/part1")
	b.Press(" ")
	b.Until(`document.documentElement.dataset.view === "frozen" && document.documentElement.dataset.range === "frozen"`)
	r.ab("-q -n 100 -c 10", "/part1/serial")
	// A later sign that the stream goes on: the newest sample is well after the run.
	b.Eval(`import("/static/view.js").then((view) => { window.view = view; window.then = view.newest() })`)
	b.Until(`view.newest() > window.then + 1000`)
	if got := browsertest.Ask[string](b, told("part1.requests")); got != "0" {
		t.Errorf("a frozen page says %s requests", got)
	}
	b.Press("[")
	b.Until(`document.documentElement.dataset.range === "frozen"`)
	// A form and a link work on it, and its numbers stand.
	b.Click("#f-resource-limit-step-1 button")
	b.Until(`document.getElementById("f-resource-limit").value === "15"`)
	b.Click(".measures li:nth-child(4) a")
	b.Until(`document.querySelector(".hero dt").textContent === "Maximum"`)
	if got := browsertest.Ask[string](b, told("part1.requests")); got != "0" {
		t.Errorf("after a form a frozen page says %s requests", got)
	}
	b.Screenshot("frozen")
	b.Press(" ")
	b.Until(`document.documentElement.dataset.view === "live" && ` + told("part1.requests") + ` === "100"`)
	b.Quiet()
}

func TestThePageIsWorkedByTheKeyboard(t *testing.T) {
	r := start(t, nil)
	b := look(t, r, "/part1")
	b.Press("?")
	b.Until(`document.querySelector("dialog[open]").textContent.includes("freeze the view")`)
	b.Screenshot("keys")
	b.Press(kb.Escape)
	b.Until(`!document.querySelector("dialog[open]")`)
	b.Press("t")
	b.Until(`document.querySelector("#chart-in-flight-table table").checkVisibility() && !document.querySelector("#chart-in-flight .plot").checkVisibility()`)
	b.Until(`document.querySelectorAll("#chart-in-flight-table tbody tr").length > 3`)
	b.Screenshot("tables")
	b.Press("t")
	b.Until(`document.querySelector("#chart-in-flight .plot").checkVisibility()`)
	// Only two lines are read aloud by themselves: the state and the summary.
	if said := browsertest.Ask[string](b, `[...document.querySelectorAll("[role=status], [role=alert], [aria-live], output")].map((e) => e.id).join()`); said != "pulse,spoken" {
		t.Errorf("read aloud: %s", said)
	}
	// Single keys can be switched off.
	b.Press("?")
	b.Click("dialog .keys-switch input")
	b.Press(kb.Escape)
	b.Until(`!document.querySelector("dialog[open]")`)
	b.Press("m")
	b.Click("[data-keys]")
	b.Until(`document.querySelector("dialog[open]") && document.documentElement.dataset.motion === "on"`)
	b.Click("dialog .keys-switch input")
	b.Press(kb.Escape)
	b.Until(`!document.querySelector("dialog[open]")`)
	b.Press("m")
	b.Until(`document.documentElement.dataset.motion === "off"`)
	b.Press("m")
	b.Until(`document.documentElement.dataset.motion === "on"`)
	b.Press("g")
	b.Press("o")
	b.Until(`location.pathname === "/observer" && document.querySelector("[data-panel='observer/tree']").textContent.includes("recorder")`)
	b.Quiet()
}

func TestWhatIsLookedAtStandsInTheAddress(t *testing.T) {
	r := start(t, nil)
	b := look(t, r, "/part1")
	b.Click("[data-window-choice='10s']")
	b.Until(`location.search.includes("window=10s") && document.querySelector("[data-window-choice='10s']").ariaCurrent === "true"`)
	b.Click(".measures li:nth-child(2) a")
	b.Until(`location.search.includes("gauge=workshop") && location.search.includes("window=10s") && document.querySelector("[data-series]").dataset.series === "in_flight_workshop"`)
	b.Until(drawn("in_flight_workshop") + ` === "0"`)
	address := browsertest.Ask[string](b, `location.href`)
	b.Open(address)
	alive(b)
	if !browsertest.Ask[bool](b, `document.documentElement.dataset.window === "10s" && document.querySelector(".hero").textContent.includes("As the workshop measures it")`) {
		t.Error("the address leads to another view")
	}
	b.Open(r.url + "/part1?resource.limit=15")
	alive(b)
	b.Click("#proposal button")
	b.Until(`!document.getElementById("proposal") && location.search === "" && document.getElementById("f-resource-limit").value === "15"`)
	b.Quiet()
}

func TestThePageIsTheVisitorsOwn(t *testing.T) {
	r := start(t, nil)
	b := look(t, r, "/part1")
	ground := `getComputedStyle(document.body).backgroundColor`
	light := browsertest.Ask[string](b, ground)
	b.Prefer(browsertest.Media{Scheme: "dark", Motion: "reduce"})
	b.Until(ground + ` !== "` + light + `"`)
	b.Until(`document.documentElement.dataset.motion === "off"`)
	// Without motion the picture moves on in steps of a second.
	b.Eval(`import("/static/view.js").then((view) => { window.view = view })`)
	b.Until(`view.range()[1] % 1000 === 0`)
	fits := func(path string, width int) {
		const drawn = `new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(() => then(document.documentElement.scrollWidth))))`
		if wide := browsertest.Ask[int](b, drawn); wide > width {
			t.Errorf("%s is %d px wide on a screen of %d", path, wide, width)
		}
	}
	for _, screen := range []struct{ opened, widened int }{{320, 360}, {768, 1440}} {
		for _, path := range []string{"/", "/part1", "/observer"} {
			b.Viewport(screen.opened, 800)
			b.Open(r.url + path)
			alive(b)
			fits(path, screen.opened)
			b.Viewport(screen.widened, 800)
			b.Until(fmt.Sprintf(`innerWidth === %d`, screen.widened))
			fits(path, screen.widened)
		}
	}
	b.Quiet()
}

func TestThePageComesBackAfterTheLabWasRestarted(t *testing.T) {
	first := start(t, nil)
	b := look(t, first, "/part1")
	first.ask("GET", "/part1/serial", "")
	b.Until(told("part1.requests") + ` === "1"`)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	b.Until(`document.documentElement.dataset.view === "lost" && /^the lab is stopping, values from|^connection lost, values from/.test(document.getElementById("pulse").textContent)`)
	b.Screenshot("lost")
	b.Complaints() // the browser tells of connections refused
	second := startAt(t, strings.TrimPrefix(first.url, "http://"), func(s *config.Settings) { s.Resource.Limit = 7 })
	b.Until(`document.documentElement.dataset.view === "live" && ` + told("part1.requests") + ` === "0"`)
	b.Until(`document.getElementById("f-resource-limit").value === "7"`)
	b.Complaints()
	second.ask("GET", "/part1/serial", "")
	b.Until(told("part1.requests") + ` === "1"`)
	b.Until(drawn("finished") + ` !== ""`)
	b.Quiet()
}

func TestALabWithATokenIsLiveAfterTheLogin(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Server.Token = token })
	b := browsertest.Start(t)
	b.Open(r.url + "/part1")
	b.Until(`location.pathname === "/login"`)
	b.Press(token + kb.Enter)
	b.Until(`location.pathname === "/part1"`)
	alive(b)
	b.Quiet()
}

// TestPicturesOfThePages writes what every page looks like, in all colours and widths, into
// the folder that AFFLUX_PICTURES names.
func TestPicturesOfThePages(t *testing.T) {
	if os.Getenv("AFFLUX_PICTURES") == "" {
		t.Skip("AFFLUX_PICTURES names no folder")
	}
	r := start(t, slow)
	b := look(t, r, "/part1")
	picture := func(state string) {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{1440, 360} {
				b.Prefer(browsertest.Media{Scheme: scheme})
				b.Viewport(width, 3400) // plots out of sight are not drawn
				for _, path := range []string{"/", "/part1", "/observer"} {
					b.Open(r.url + path + "?window=10s")
					alive(b)
					b.Until(`document.querySelectorAll("canvas").length === 0 || performance.now() > 1200`)
					b.Screenshot(fmt.Sprintf("%s-%s-%s-%d", state, strings.Trim(path+"home", "/")[:4], scheme, width))
				}
			}
		}
	}
	picture("empty")
	done := make(chan struct{})
	go func() { defer close(done); r.ab("-q -n 3000 -c 50", "/part1/serial") }()
	<-time.After(3 * time.Second)
	r.ab("-q -n 3000 -c 50", "/part1/async")
	picture("busy")
	<-done
	b.Quiet()
}
