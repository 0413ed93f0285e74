package live_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/live"
)

// plant is what the page of testdata/plant looks at: numbers that are sampled, and events,
// as a test sets them.
type plant struct {
	mu      sync.Mutex // guards what follows
	numbers map[string]float64
	events  []any
	slope   string // and the intercept
	floor   string
	sampled chan struct{} // closed and made anew at each sample
	url     string

	pages atomic.Pointer[http.ServeMux]
	stop  func() // ends the site that serves them
}

// set changes numbers, and waits until they have been sampled.
func (p *plant) set(numbers map[string]float64) {
	p.mu.Lock()
	maps.Copy(p.numbers, numbers)
	sampled := p.sampled
	p.mu.Unlock()
	<-sampled
}

func (p *plant) tell(events ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, events...)
}

func (p *plant) sample() []any {
	p.mu.Lock()
	defer p.mu.Unlock()
	frame := map[string]any{"t": []int64{time.Now().UnixMilli()}}
	for name, n := range p.numbers {
		frame[name] = n
	}
	close(p.sampled)
	p.sampled = make(chan struct{})
	return []any{frame}
}

func (p *plant) told() []any {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.events) == 0 {
		return nil
	}
	all := p.events
	p.events = nil
	return []any{all}
}

func (p *plant) values(put func(string, live.Value)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	put("slope", live.Value{Text: p.slope})
	put("intercept", live.Value{Text: p.slope})
	put("floor", live.Value{Text: p.floor})
	put("mean", live.Value{Text: "1,234"})
}

// newPlant serves a plant as the lab does.
func newPlant(t *testing.T) *plant {
	t.Helper()
	needAssets(t)
	p := &plant{slope: "500", floor: "500", sampled: make(chan struct{}), numbers: map[string]float64{"epoch": 0, "latency_sum": 0, "latency_count": 0}}
	p.start(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		p.pages.Load().ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); p.stop() })
	p.url = server.URL + "/plant?window=10s"
	return p
}

// start starts a run of the lab.
func (p *plant) start(t *testing.T) {
	t.Helper()
	site, err := live.New(live.Config{Viewers: 10})
	if err != nil {
		t.Fatal(err)
	}
	site.Watch(live.Values{Name: "plant", Read: p.values})
	site.Tell(live.Feed{Event: "sample", Every: 50 * time.Millisecond, Read: p.sample})
	site.Tell(live.Feed{Event: "event", Every: 50 * time.Millisecond, Read: p.told})
	if err := site.Add(live.Page{Path: "/plant", Title: "Plant", Nav: "Plant", Files: folder(t, "plant")}); err != nil {
		t.Fatal(err)
	}
	pages := mux(site, nil)
	pages.HandleFunc("GET /api/v1/series", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"step_ms":%s,"t":[],"series":{}}`, strings.TrimSuffix(r.FormValue("step"), "ms"))
	})
	ctx, stop := context.WithCancel(context.Background())
	var stream sync.WaitGroup
	stream.Go(func() { _ = site.Serve(ctx) })
	p.pages.Store(pages)
	p.stop = func() { stop(); stream.Wait() }
}

// restart ends the run and starts another one, which counts from zero.
func (p *plant) restart(t *testing.T) {
	t.Helper()
	p.stop()
	p.mu.Lock()
	for name := range p.numbers {
		p.numbers[name] = 0
	}
	p.mu.Unlock()
	p.start(t)
}

func (p *plant) open(t *testing.T) *browsertest.Browser {
	t.Helper()
	b := browsertest.Start(t)
	b.Open(p.url)
	b.Until(`document.documentElement.dataset.stream === "live"`)
	return b
}

// event is one of part 2 as the stream has it.
func event(seq, depth int, latency float64, outcome string) map[string]any {
	return map[string]any{
		"seq": seq, "part": "part2", "at": float64(time.Now().UnixMilli()), "consumer": "consumer-1", "attempt": 1, "depth_at_arrival": depth,
		"latency_ms": latency, "service_ms": 500.0, "outcome": outcome, "weight": 1,
	}
}

// drain are events of a queue of n that one consumer works on, with a half second each; every
// seventh fails.
func drain(n int) []any {
	var all []any
	for i := range n {
		outcome := "done"
		if i%7 == 6 {
			outcome = "failed"
		}
		all = append(all, event(i+1, i, 500*float64(i+1), outcome))
	}
	return all
}

// fills are the colours that a column of a chart's canvas shows for more than some px.
const fills = `(id, share) => {
	const canvas = document.querySelector(id + " canvas"), x = Math.round(canvas.width * share);
	const copy = Object.assign(document.createElement("canvas"), { width: 1, height: canvas.height }).getContext("2d", { willReadFrequently: true });
	copy.drawImage(canvas, -x, 0);
	const data = copy.getImageData(0, 0, 1, canvas.height).data;
	const runs = [];
	for (let y = 0; y < canvas.height; y++) {
		const [r, g, b, a] = data.slice(4 * y, 4 * y + 4);
		const tone = a && [r, g, b, a].join();
		if (runs.at(-1)?.tone === tone) runs.at(-1).px++; else runs.push({ tone, px: 1 });
	}
	return runs.filter((r) => r.tone && r.px > 6).map((r) => r.tone).filter((tone, i, all) => tone !== all[i - 1]);
}`

func reading(series string) string {
	return fmt.Sprintf(`document.querySelector("[data-series='%s'] .reading").textContent`, series)
}

func TestAStackShowsItsPartsOnTopOfEachOtherAndSaysEachForItself(t *testing.T) {
	p := newPlant(t)
	p.set(map[string]float64{"in_buffer": 10, "in_inboxes": 20, "in_hand": 30})
	b := p.open(t)
	b.Until(reading("in_buffer") + ` === "10" && ` + reading("in_inboxes") + ` === "20" && ` + reading("in_hand") + ` === "30"`)
	// From the top: in hand, in inboxes, in the buffer; the axis fits their sum.
	b.Until(`(window.seen = (` + fills + `)("#chart-depth", 0.9)).length === 3`)
	b.Eval(`Promise.all([import("/static/plot.js"), import("/static/charts.js")]).then(([plot]) => {
		const lines = ["in_buffer", "in_inboxes", "in_hand"].map((name) => ({ name, stack: true }));
		lines[1].base = lines[0]; lines[2].base = lines[1];
		window.chart = { lines, layers: lines.toReversed(), wanted: 4, whole: true };
		window.drawn = plot.columns(chart).map((column) => column.at(-1));
	})`)
	if got := browsertest.Ask[string](b, `JSON.stringify([drawn.slice(1), chart.own.map((c) => c.at(-1)), chart.ticks])`); got != `[[null,60,null,30,null,10],[30,30,20,20,10,10],[0,20,40,60]]` {
		t.Errorf("drawn, own and ticks are %s", got)
	}
	b.Press("t")
	b.Until(`document.querySelector("#chart-depth-table tbody tr").textContent.includes("20")`)
	if got := browsertest.Ask[string](b, `[...document.querySelectorAll("#chart-depth-table tbody tr:first-child td")].map((td) => td.textContent).join()`); !strings.HasPrefix(got, "10,10,20,20,30,30") {
		t.Errorf("the table says %s", got)
	}
	b.Quiet()
}

func TestACumulativeFlowFloatsAndHasAGapAtAReset(t *testing.T) {
	p := newPlant(t)
	p.set(map[string]float64{"enqueued": 1040, "done": 1007})
	b := p.open(t)
	b.Until(reading("enqueued") + ` === "1,040" && ` + reading("done") + ` === "1,007"`)
	// The area between the two, and nothing below.
	b.Until(`(` + fills + `)("#chart-flow", 0.9).length === 1`)
	const columns = `import("/static/plot.js").then((plot) => {
		const lines = [{ name: "enqueued", last: true }, { name: "done", last: true, until: true }];
		lines[1].base = lines[0];
		window.chart = { lines, layers: lines.toReversed(), floating: true, wanted: 4, whole: true };
		window.drawn = plot.columns(chart);
	})`
	b.Eval(columns)
	if got := browsertest.Ask[string](b, `JSON.stringify(chart.ticks)`); got != `[1000,1010,1020,1030,1040]` {
		t.Errorf("the axis has %s", got)
	}
	b.Press("t")
	b.Until(`document.querySelector("#chart-flow-table tbody tr").textContent.includes("1,0401,007")`)
	b.Press("t")
	p.set(map[string]float64{"epoch": 1, "enqueued": 3, "done": 1})
	b.Until(reading("enqueued") + ` === "3 · peak 1,040"`)
	b.Eval(columns)
	// Between the last number before the reset and the first after it there is none.
	if got := browsertest.Ask[string](b, `JSON.stringify(drawn[4].filter((v, i, all) => v !== all[i - 1]))`); got != `[1040,null,3]` && got != `[null,1040,null,3]` {
		t.Errorf("the line goes %s", got)
	}
	b.Quiet()
}

// fitted is the caption of the scatter: what was measured and what the model says.
const fitted = `document.querySelector(".scatter .fit").textContent.replace(/\s+/g, " ").trim()`

func TestAScatterShowsEventsWithTheMeasuredLineAndTheModels(t *testing.T) {
	p := newPlant(t)
	b := p.open(t)
	b.Until(`document.querySelector(".scatter .plot-note").checkVisibility() && ` + fitted + ` === "measured: too little spread yet · model 0.50 s"`)
	p.tell(drain(20)...)
	p.tell(map[string]any{"part": "part1", "seq": 99, "depth_at_arrival": 1000, "latency_ms": 1e6})
	b.Until(fitted + ` === "measured 0.50 s per event · model 0.50 s"`)
	b.Until(`!document.querySelector(".scatter .plot-note").checkVisibility()`)
	p.mu.Lock()
	p.slope = "–"
	p.mu.Unlock()
	b.Until(fitted + ` === "measured 0.50 s per event · model –"`)

	// A stream that begins again tells the same events: each counts once.
	b.Eval(`dispatchEvent(new Event("pagehide")); dispatchEvent(new Event("pageshow"))`)
	p.tell(event(21, 20, 10_500, "done"))
	b.Press("t")
	b.Until(`document.querySelectorAll("#chart-latency-depth-table tbody tr").length === 20 && document.querySelector("#chart-latency-depth-table tbody th").textContent === "#21"`)
	row := browsertest.Ask[string](b, `[...document.querySelectorAll("#chart-latency-depth-table tbody tr")].map((tr) => tr.cells[0].textContent + " " + tr.cells[2].textContent + " " + tr.cells[3].textContent + " " + tr.cells[4].textContent).join("; ")`)
	if !strings.HasPrefix(row, "#21 20 10.5 s done; #20 19 10 s done; ") || !strings.Contains(row, "#14 13 7 s failed") || !strings.HasSuffix(row, "#2 1 1 s done") {
		t.Errorf("the table says %s", row)
	}
	b.Press("t")

	// Frozen: what is shown stands.
	b.Press(" ")
	b.Until(`document.documentElement.dataset.range === "frozen" && /^Frozen: the last 21 events until /.test(document.querySelector(".scatter .plot-state").textContent)`)
	p.tell(event(22, 21, 1, "done"))
	p.set(map[string]float64{"x": 1})
	p.set(map[string]float64{"x": 2})
	b.Do(chromedp.Sleep(300 * time.Millisecond))
	b.Press("t")
	b.Until(`document.querySelector("#chart-latency-depth-table tbody th").textContent === "#21"`)
	b.Press("t")
	b.Press(" ")
	b.Press("t")
	b.Until(`document.querySelector("#chart-latency-depth-table tbody th").textContent === "#22"`)
	b.Quiet()
}

func TestAPointIsToldAndFollowed(t *testing.T) {
	p := newPlant(t)
	b := p.open(t)
	p.tell(drain(20)...)
	b.Until(fitted + ` === "measured 0.50 s per event · model 0.50 s"`)
	b.Eval(`import("/static/follow.js").then((follow) => { window.follow = follow })`)
	// With the keys: the newest is told first, then along x.
	b.Eval(`document.querySelector(".scatter .area").focus({ focusVisible: true })`)
	b.Press(kb.ArrowLeft)
	tip := `document.querySelector(".scatter .tip").textContent`
	b.Until(tip + `.startsWith("#19: latency 9.5 s, events found in the system 18")`)
	if !browsertest.Ask[bool](b, `document.querySelector(".scatter .area").ariaValueText.startsWith("#19: latency 9.5 s") && document.querySelector(".scatter .area").ariaValueNow === "19"`) {
		t.Error("the keys tell nothing to those who listen")
	}
	b.Press(kb.Enter)
	b.Until(`follow.followed().seq === 19`)
	b.Press(kb.Home)
	b.Until(tip + `.startsWith("#1: latency 500 ms, events found in the system 0")`)
	b.Screenshot("scatter-followed")
	// With the pointer: the last point stands nearly at the upper right end.
	b.Eval(`(() => {
		const area = document.querySelector(".scatter .area"), box = area.getBoundingClientRect();
		const at = { clientX: box.left + box.width * 19 / 20.4, clientY: box.bottom - box.height * 10 / 10.4, bubbles: true };
		area.dispatchEvent(new PointerEvent("pointermove", at));
		area.dispatchEvent(new MouseEvent("click", at));
	})()`)
	b.Until(`follow.followed().seq === 20 && ` + tip + `.startsWith("#20: latency 10 s")`)
	b.Viewport(320, 640)
	b.Until(`document.querySelector(".scatter canvas").clientWidth < 320`)
	if width := browsertest.Ask[int](b, `document.documentElement.scrollWidth`); width > 320 {
		t.Errorf("the page is %d px wide", width)
	}
	b.Quiet()
}

func TestATimelineShowsEventsOfItsPartOnly(t *testing.T) {
	p := newPlant(t)
	b := p.open(t)
	at := float64(time.Now().UnixMilli())
	for seq := range 3 {
		p.tell(map[string]any{"part": "part1", "seq": seq, "at": at, "caller": "serial", "answer_ms": 5.0, "latency_ms": 5.0, "outcome": "ok"})
	}
	p.tell(map[string]any{"part": "part2", "seq": 1, "at": at, "caller": "consumer-1", "answer_ms": 5.0, "latency_ms": 5.0, "outcome": "ok"})
	b.Press("t")
	b.Until(`document.querySelectorAll("#chart-part1 tbody tr").length === 3 && document.querySelectorAll("#chart-part2 tbody tr").length === 1`)
	b.Quiet()
}

func TestTheAverageSinceThePageWasOpenedBeginsThen(t *testing.T) {
	p := newPlant(t)
	p.set(map[string]float64{"latency_sum": 10})
	p.set(map[string]float64{"latency_sum": 300, "latency_count": 100}) // before: no business of this visitor
	b := p.open(t)
	since := `document.querySelector("[data-since]").textContent`
	b.Until(since + ` === "–" && document.querySelector("[data-since]").checkVisibility() && !document.querySelector(".since-instead").checkVisibility()`)
	p.set(map[string]float64{"latency_sum": 303.5, "latency_count": 102})
	b.Until(since + ` === "1,750"`)
	// The counts begin at zero: what was counted is kept.
	p.set(map[string]float64{"epoch": 1, "latency_sum": 0, "latency_count": 0})
	p.set(map[string]float64{"latency_sum": 1, "latency_count": 1})
	b.Until(since + ` === "1,500"`)
	// Told again, it counts once.
	b.Eval(`dispatchEvent(new Event("pagehide")); dispatchEvent(new Event("pageshow"))`)
	p.set(map[string]float64{"latency_sum": 1.5, "latency_count": 2})
	b.Until(since + ` === "1,250"`)
	if got := browsertest.Ask[string](b, `document.querySelector("[data-since]").title`); !strings.HasPrefix(got, "1,250 ms: the mean of 4 since ") {
		t.Errorf("exactly it is %q", got)
	}
	// Frozen it stands, a merge included; then it has counted on.
	b.Press(" ")
	b.Until(`document.documentElement.dataset.view === "frozen"`)
	p.set(map[string]float64{"latency_sum": 2.25, "latency_count": 3})
	b.Do(chromedp.Sleep(500 * time.Millisecond))
	if got := browsertest.Ask[string](b, since); got != "1,250" {
		t.Errorf("frozen it went on to %s", got)
	}
	b.Press(" ")
	b.Until(since + ` === "1,150"`)
	// Another visitor sees another truth.
	b.Open(p.url)
	b.Until(since + ` === "–"`)
	b.Quiet()
}

// What was counted before the lab's restart was once forgotten with the first sample after it.
func TestTheAverageOutlivesARestartOfTheLab(t *testing.T) {
	p := newPlant(t)
	b := p.open(t)
	since := `document.querySelector("[data-since]").textContent`
	p.set(map[string]float64{"x": 1})
	b.Until(since + ` === "–"`)
	p.set(map[string]float64{"latency_sum": 10, "latency_count": 100})
	b.Until(since + ` === "100"`)
	for _, want := range []string{"109", "118"} { // 11 s through 101, then 12 s through 102
		p.restart(t)
		b.Until(`document.documentElement.dataset.stream !== "live"`)
		p.set(map[string]float64{"latency_sum": 1, "latency_count": 1})
		b.Until(since + ` === "` + want + `"`)
	}
}

func TestTheModelsLineIsLevelBelowItsFloor(t *testing.T) {
	p := newPlant(t)
	p.mu.Lock()
	p.slope = "50"
	p.mu.Unlock()
	b := p.open(t)
	// What is drawn dotted: the line in shares of the picture's width and height, from below.
	b.Eval(`(() => {
		const { lineTo, beginPath } = CanvasRenderingContext2D.prototype;
		const mine = (c) => c.getLineDash().length && c.canvas.closest(".scatter");
		CanvasRenderingContext2D.prototype.beginPath = function () { if (mine(this)) window.model = []; return beginPath.call(this) };
		CanvasRenderingContext2D.prototype.lineTo = function (x, y) { if (mine(this)) model.push([x, y]); return lineTo.call(this, x, y) };
	})()`)
	p.tell(drain(20)...)
	b.Until(fitted + ` === "measured 0.50 s per event · model 0.05 s, at least 500 ms" && window.model`)
	// From 0 to 9 it is 500 ms, then 50 ms more for each: at 19.38, where the picture ends, 1,019.
	if got := browsertest.Ask[string](b, `(() => {
		const [a, bend, z] = model, share = (p, i) => (p[i] - a[i]) / (z[i] - a[i]);
		return [model.length, share(bend, 0).toFixed(2), share(bend, 1).toFixed(2)].join();
	})()`); got != "3,0.44,0.00" {
		t.Errorf("the line has %s", got)
	}
	p.mu.Lock()
	p.floor = "–"
	p.mu.Unlock()
	b.Until(fitted + ` === "measured 0.50 s per event · model 0.05 s" && model.length === 2`)
	b.Quiet()
}

func TestNewWordsAreSpokenSoonAndNumbersAloneSeldom(t *testing.T) {
	p := newPlant(t)
	b := p.open(t)
	b.Eval(`import("/static/spoken.js").then(({ speaker }) => {
		window.tell = (...told) => {
			const said = [];
			let at = 0;
			const offer = speaker((sentence) => said.push(at + ": " + sentence));
			for (const [seconds, sentence] of told) offer(sentence, (at = seconds) * 1000);
			return said.join("; ");
		};
	})`)
	for _, c := range []struct{ told, want string }{
		// A backlog of many seconds.
		{`...Array.from({ length: 70 }, (_, s) => [s, (1000 - s) + " events in the system, 2/s; clears in " + (s < 30 ? "8 min " + (59 - s) + " s" : (999.5 - s) + " ms") + "."])`,
			"5: 995 events in the system, 2/s; clears in 8 min 54 s.; 35: 965 events in the system, 2/s; clears in 964.5 ms.; 65: 935 events in the system, 2/s; clears in 934.5 ms."},
		// Other words.
		{`[5, "At rest. 1,000 done."], [7, "2 events, paused."], [9, "2 events, paused."], [10, "2 events, paused."], [11, "2 events, stuck."], [15, "2 events, stuck."]`,
			"5: At rest. 1,000 done.; 10: 2 events, paused.; 15: 2 events, stuck."},
		// There were other words in between.
		{`[5, "At rest. 0 done."], [7, "300 in flight."], [8, "At rest. 300 done."], [10, "At rest. 300 done."], [16, "At rest. 300 done."], [20, "At rest. 301 done."]`,
			"5: At rest. 0 done.; 10: At rest. 300 done."},
	} {
		if got := browsertest.Ask[string](b, `tell(`+c.told+`)`); got != c.want {
			t.Errorf("it said %s", got)
		}
	}
	b.Quiet()
}

func TestScatterAndSinceStandWithoutScripts(t *testing.T) {
	p := newPlant(t)
	resp, err := http.Get(p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	body := string(all)
	for _, want := range []string{
		`data-scatter data-part="part2" data-x="depth_at_arrival" data-xlabel="events found in the system" data-y="latency_ms" data-ylabel="latency" data-colour="done" data-per="event"`,
		`Model: latency = <span data-model="intercept"><span class="value" data-live="plant.intercept">500</span></span> ms + <span data-model="slope"><span class="value" data-live="plant.slope">500</span></span> ms × events found in the system, at least <span data-model="floor"><span class="value" data-live="plant.floor">500</span></span> ms</p>`,
		`<span class="value live-only" data-since="latency_sum" data-per="latency_count" data-unit="ms" data-keep>–</span>`,
		`<span class="since-instead"><span class="value" data-live="plant.mean">1,234</span></span> <span class="unit">ms</span> <span class="note since-instead">since the reset;`,
		`data-style="stack"`, `data-style="until"`, `data-floating`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, ` style="`) {
		t.Error("there is an inline style")
	}
}

// TestPlantPicturesAreTaken writes what the components look like into the folder
// AFFLUX_PICTURES names.
func TestPlantPicturesAreTaken(t *testing.T) {
	if !browsertest.Pictures() {
		return
	}
	p := newPlant(t)
	b := p.open(t)
	p.tell(drain(300)...)
	go func() {
		for i := range 400 {
			n := float64(i)
			buffer, inbox := max(0, 300-4*n), max(0, min(60, 360-4*n))
			if i > 200 {
				buffer, inbox = 30*math.Abs(math.Sin(n/9)), 20*math.Abs(math.Cos(n/7))
			}
			arrived := 1000 + 3*n + 40*math.Floor(n/40)
			p.set(map[string]float64{"in_buffer": buffer, "in_inboxes": inbox, "in_hand": 10, "enqueued": arrived, "done": 980 + 3*n + 40*math.Floor(n/40)*0.6})
		}
	}()
	b.Do(chromedp.Sleep(8 * time.Second))
	b.Eval(`import("/static/follow.js").then((follow) => follow.follow(` + `{ part: "part2", seq: 120, depth_at_arrival: 119, latency_ms: 60000 }))`)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int{1440, 800, 360} {
			b.Viewport(width, 900)
			b.Click(`[data-theme-choice=` + theme + `]`)
			b.Do(chromedp.Sleep(400 * time.Millisecond))
			b.Screenshot(fmt.Sprintf("plant-%s-%d", theme, width))
		}
	}
	b.Press("t")
	b.Do(chromedp.Sleep(400 * time.Millisecond))
	b.Screenshot("plant-tables")
	b.Press("t")
	b.Viewport(1000, 800)
	b.Click(`[data-motion-toggle]`)
	b.Do(chromedp.Sleep(1500 * time.Millisecond))
	b.Screenshot("plant-still")
	b.Click("#freeze")
	b.Do(chromedp.Sleep(400 * time.Millisecond))
	b.Screenshot("plant-frozen")
}
