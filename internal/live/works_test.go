package live_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/live"
)

// works is what the page of testdata/works looks at: a flow, events, and a path that takes
// requests, as a test sets them.
type works struct {
	mu     sync.Mutex // guards what follows
	flow   live.Flow
	events []any
	inbox  int
	posted int
	open   int           // requests under way
	most   int           // the most of them at once
	forbid bool          // all are
	refuse int           // every so many are refused; 0: none
	pause  time.Duration // before each answer
	lost   bool          // no request comes through
	url    string
	cut    func() // the connections
}

// lose cuts all connections, and lets none come.
func (w *works) lose() {
	w.change(func() { w.lost = true })
	w.cut()
}

// change does something to the works.
func (w *works) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *works) tell(events ...any) { w.change(func() { w.events = append(w.events, events...) }) }

func (w *works) told() []any {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.events) == 0 {
		return nil
	}
	all := w.events
	w.events = nil
	return []any{all}
}

func (w *works) take(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.posted++
	w.open++
	w.most = max(w.most, w.open)
	forbidden := w.forbid
	refused := w.refuse > 0 && w.posted%w.refuse == 0
	pause := w.pause
	w.mu.Unlock()
	select {
	case <-time.After(pause):
	case <-r.Context().Done():
	}
	w.change(func() { w.open-- })
	if forbidden {
		http.Error(rw, "not from here", http.StatusForbidden)
		return
	}
	if refused {
		http.Error(rw, "the buffer is full: 10 events may wait", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(rw, "OK")
}

func (w *works) under() (posted, open, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.posted, w.open, w.most
}

// pipeline is a flow to n consumers, each of which lets so many pass per second.
func pipeline(n int, perSecond float64) live.Flow {
	f := live.Flow{Label: "994 events in the system; consumer-1 holds all of them.", Nodes: []live.FlowNode{
		{ID: "http", Kind: "requests", Name: "HTTP", Column: 0, Facts: []live.Fact{
			{Label: "accepted", Text: "1,000", Colour: "answered"}, {Label: "refused", Text: "0", Colour: "rejected"}}},
		{ID: "producer", Kind: "producer", Name: "producer", Column: 1, Fill: 250, Of: 1000, FillColour: "waiting", Facts: []live.Fact{
			{Label: "buffer", Text: "250", Colour: "waiting"}, {Label: "retrying", Text: "0", Colour: "waiting"}}},
	}}
	f.Edges = []live.FlowEdge{{From: "http", To: "producer", PerSecond: perSecond * float64(n), Colour: "answered", Facts: []live.Fact{{Text: "6/s"}}}}
	consumer := func(id, kind, name string, i int) {
		node := live.FlowNode{ID: id, Kind: kind, Name: name, Column: 2, State: "busy", Colour: "hand", Facts: []live.Fact{{Label: "done", Text: "6", Colour: "done"}}}
		edge := live.FlowEdge{From: "producer", To: id, PerSecond: perSecond, Colour: "inbox", Depth: float64(max(0, 994-200*i)), DepthOf: 1000, Facts: []live.Fact{
			{Label: "inbox", Live: "works.inbox", Colour: "inbox"}, {Label: "demand", Text: "1,000", Colour: "demand"}}}
		if i > 0 && i%3 == 0 || kind != "consumer" {
			node.Quiet, node.State, node.Colour, edge.PerSecond = true, "idle", "demand", 0
		}
		f.Nodes = append(f.Nodes, node)
		f.Edges = append(f.Edges, edge, live.FlowEdge{From: id, To: "mock-resource", PerSecond: edge.PerSecond, Colour: "flight"})
	}
	for i := range min(n, 12) {
		id := fmt.Sprintf("consumer-%d", i+1)
		consumer(id, "consumer", id, i)
	}
	if n > 12 {
		consumer("more", "consumers", fmt.Sprintf("and %d more", n-12), 12)
	}
	f.Nodes = append(f.Nodes, live.FlowNode{ID: "mock-resource", Kind: "resource", Name: "mock-resource", Href: "/works", Column: 3, Facts: []live.Fact{
		{Label: "in flight", Text: "1", Colour: "flight"}, {Label: "limit", Text: "off"}}})
	return f
}

func newWorks(t *testing.T) *works {
	t.Helper()
	needAssets(t)
	site, err := live.New(live.Config{Viewers: 10})
	if err != nil {
		t.Fatal(err)
	}
	w := &works{flow: pipeline(3, 2), inbox: 994}
	site.Watch(live.Values{Name: "works", Read: func(put func(string, live.Value)) {
		w.change(func() { put("inbox", live.Count(uint64(w.inbox))) })
	}})
	site.Tell(live.Feed{Event: "sample", Every: 50 * time.Millisecond, Read: func() []any {
		return []any{map[string]any{"t": []int64{time.Now().UnixMilli()}, "epoch": 0}}
	}})
	site.Tell(live.Feed{Event: "event", Every: 50 * time.Millisecond, Read: w.told})
	site.Share(live.SharedPanel{Page: "/works", Name: "works/flow", Panel: live.Panel{
		Files: folder(t, "workspanels"), Template: "flow-panel", Data: func(*http.Request) any {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.flow
		}}})
	if err := site.Add(live.Page{Path: "/works", Title: "Works", Nav: "Works", Files: folder(t, "works")}); err != nil {
		t.Fatal(err)
	}
	pages := mux(site, nil)
	pages.HandleFunc("POST /part2/genstage", w.take)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		lost := w.lost
		w.mu.Unlock()
		if lost {
			panic(http.ErrAbortHandler)
		}
		rw.Header().Set("Content-Security-Policy", policy)
		pages.ServeHTTP(rw, r)
	}))
	ctx, stop := context.WithCancel(context.Background())
	var stream sync.WaitGroup
	stream.Go(func() { _ = site.Serve(ctx) })
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); stop(); stream.Wait() })
	w.url, w.cut = server.URL+"/works", server.CloseClientConnections
	return w
}

func (w *works) browse(t *testing.T) *browsertest.Browser {
	t.Helper()
	b := browsertest.Start(t)
	b.Viewport(1440, 900)
	b.Open(w.url)
	b.Until(`document.documentElement.dataset.stream === "live"`)
	return b
}

// lived is an event of part 2 that has been everywhere.
func lived(seq int, outcome string) map[string]any {
	return map[string]any{
		"seq": seq, "part": "part2", "at": float64(1_700_000_000_000 + 500*seq), "consumer": "consumer-1", "attempt": 1, "depth_at_arrival": seq - 1,
		"buffer_wait_ms": 0.0, "inbox_wait_ms": 3000.2, "service_ms": 500.4, "latency_ms": 3500.6, "outcome": outcome, "weight": 1,
	}
}

// --- the flow ---

// dots is the animation of the dots to consumer-1 where they are seen.
const dots = `document.getElementById("flow-producer--consumer-1-1").getAnimations()[0]`

func TestDotsRunAtTheRateOfTheirEdgeAndAMergeDoesNotDisturbThem(t *testing.T) {
	w := newWorks(t)
	b := w.browse(t)
	b.Until(`document.querySelector("[data-flow]").dataset.each === "1" && ` + dots + `.playState === "running" && ` + dots + `.playbackRate === 2`)
	b.Eval(`window.path = document.getElementById("flow-producer--consumer-1-1"); window.before = path.getAnimations()[0]; window.at = before.currentTime; window.since = performance.now()`)
	// Numbers and rates change, nodes come: the same animation goes on.
	w.change(func() {
		w.inbox = 7
		w.flow = pipeline(5, 4)
	})
	b.Until(`document.getElementById("flow-producer--consumer-5-1") && [...document.querySelectorAll("[data-live='works.inbox']")].every((e) => e.textContent === "7")`)
	b.Until(`document.querySelector("[data-flow]").dataset.each === "10" && Math.abs(` + dots + `.playbackRate - 0.4) < 0.02`)
	if !browsertest.Ask[bool](b, `path.isConnected && path.getAnimations().length === 1 && path.getAnimations()[0] === before`) {
		t.Error("a merge has begun the animation anew")
	}
	if gone, ran := browsertest.Ask[float64](b, `before.currentTime - at`), browsertest.Ask[float64](b, `performance.now() - since`); gone <= 0 || gone > 2.2*ran {
		t.Errorf("in %v ms it went on by %v", ran, gone)
	}
	// Nothing passes at an idle one, and demand goes the other way.
	if !browsertest.Ask[bool](b, `document.getElementById("flow-producer--consumer-4-1").getAnimations().every((a) => a.playState !== "running")`) {
		t.Error("dots go to an idle consumer")
	}
	// Frozen, unseen and with tables they rest.
	b.Press(" ")
	b.Until(dots + `.playState === "paused"`)
	b.Press(" ")
	b.Until(dots + `.playState === "running"`)
	b.Press("t")
	b.Until(`document.querySelector(".flow-figure .twin-table").checkVisibility() && !document.querySelector(".stages").checkVisibility()`)
	if got := browsertest.Ask[string](b, `document.querySelectorAll(".flow-figure tbody tr")[1].innerText.replace(/\s+/g, " ")`); got != "producer consumer-1 4 inbox 7 demand 1,000" {
		t.Errorf("the table says %q", got)
	}
	b.Until(`document.querySelector(".flow-figure [data-table-toggle]").getAttribute("aria-pressed") === "true"`)
	b.Press("t")
	b.Until(dots + `.playState === "running"`)
	b.Quiet()
}

func TestWithoutMotionTheFlowStepsAndTellsWhatHasPassed(t *testing.T) {
	w := newWorks(t)
	b := w.browse(t)
	b.Until(dots + `.playState === "running"`)
	b.Press("m")
	b.Until(dots + `.playState === "paused"`)
	passed := `document.querySelector(".edge-told [data-passed='producer--consumer-1']")`
	b.Until(passed + `.textContent === "+2" && ` + passed + `.checkVisibility()`)
	b.Eval(`window.at = ` + dots + `.currentTime`)
	b.Until(dots + `.currentTime !== at`)
	if got := browsertest.Ask[float64](b, `(`+dots+`.currentTime - at + 1000) % 1000 % 250`); got > 1 {
		t.Errorf("two a second are no steps of a quarter: %v is left", got)
	}
	w.change(func() { w.flow = pipeline(3, 0.5) })
	b.Until(passed + `.textContent === "+1"`)
	b.Until(passed + `.textContent === "+0"`)
	b.Press("m")
	b.Until(dots + `.playState === "running" && ` + passed + `.textContent === ""`)
	b.Quiet()
}

func TestTheFlowFitsAnyScreen(t *testing.T) {
	w := newWorks(t)
	b := w.browse(t)
	for _, n := range []int{1, 3, 12, 1000} {
		w.change(func() { w.flow = pipeline(n, 2) })
		b.Until(fmt.Sprintf(`document.querySelectorAll(".station").length === %d`, min(n, 13)+3))
		for _, width := range []int{320, 800, 1280, 1366, 1440, 1920} {
			b.Viewport(width, 900)
			if got := browsertest.Ask[int](b, `document.documentElement.scrollWidth`); got > width {
				t.Errorf("%d consumers on %d px: the page is %d px wide", n, width, got)
			}
			if got := browsertest.Ask[string](b, overlaps); got != "" {
				t.Errorf("%d consumers on %d px: %s", n, width, got)
			}
		}
	}
	b.Quiet()
}

// overlaps names two texts of the flow that are on top of each other, and one that leaves
// the picture.
const overlaps = `(() => {
	const all = [...document.querySelectorAll(".stages :is(.fact, .name, .badge, .kind)")].filter((e) => e.checkVisibility()).map((e) => [e, e.getBoundingClientRect()]);
	const frame = document.querySelector(".stages").getBoundingClientRect();
	for (const [e, a] of all) if (a.right > frame.right + 1 || a.left < frame.left - 1) return "outside: " + e.textContent;
	for (const [i, [e, a]] of all.entries()) for (const [o, c] of all.slice(i + 1))
		if (!e.contains(o) && Math.min(a.right, c.right) - Math.max(a.left, c.left) > 1 && Math.min(a.bottom, c.bottom) - Math.max(a.top, c.top) > 3) return e.textContent + " over " + o.textContent;
	const boxes = [...document.querySelectorAll(".station")].map((e) => [e, e.getBoundingClientRect()]);
	for (const [e, a] of all) for (const [o, c] of boxes)
		if (!o.contains(e) && Math.min(a.right, c.right) - Math.max(a.left, c.left) > 1 && Math.min(a.bottom, c.bottom) - Math.max(a.top, c.top) > 3) return e.textContent + " over the box of " + o.textContent;
	return "";
})()`

// --- the event log ---

const line = `[...document.querySelectorAll("[data-lines] li")]`

func TestAnEventIsFollowedByClickAndByKey(t *testing.T) {
	w := newWorks(t)
	b := w.browse(t)
	b.Eval(`import("/static/follow.js").then((follow) => { window.follow = follow })`)
	for seq := 1; seq <= 6; seq++ {
		w.tell(lived(seq, "done"))
	}
	w.tell(lived(7, "failed"))
	b.Until(line + `.length === 7`)
	text := browsertest.Ask[string](b, `document.querySelectorAll("[data-lines] li")[1].innerText.replace(/\s+/g, " ").trim()`)
	if !strings.HasSuffix(text, "#6 consumer-1 took 500 ms, waited 3 s") || !strings.Contains(text, ":") {
		t.Errorf("a line says %q", text)
	}
	if got := browsertest.Ask[string](b, `document.querySelector("[data-lines] li").innerText`); !strings.Contains(got, "failed after 500 ms") {
		t.Errorf("the failed one says %q", got)
	}
	b.Click(`[data-lines] li:nth-child(3)`)
	b.Until(`follow.followed()?.seq === 5 && document.querySelectorAll("[aria-selected=true]").length === 1`)
	life := `document.querySelector(".life tbody").innerText.replace(/\s+/g, " ")`
	got := browsertest.Ask[string](b, life)
	for _, want := range []string{"found in the system 4 others", "in the buffer 0 ms", "in the inbox of consumer-1 3 s", "in hand 500 ms", "handled by consumer-1", "attempt 1", "done at", "latency 3.5 s"} {
		if !strings.Contains(got, want) {
			t.Errorf("the life lacks %s: %s", want, got)
		}
	}
	if got := browsertest.Ask[string](b, `[...document.querySelectorAll(".life rect")].map((r) => Math.round(parseFloat(r.getAttribute("width")))).join()`); got != "0,86,14" {
		t.Errorf("the bar is %s", got)
	}
	// The log runs on, and the life stays.
	w.tell(lived(8, "done"))
	b.Until(line + `.length === 8 && follow.followed().seq === 5 && document.querySelector(".life h3").innerText.startsWith("#5")`)
	// With the keys: from the one that is chosen to the older and the newer ones.
	b.Eval(`document.querySelector("[data-lines]").focus()`)
	b.Press(kb.ArrowDown)
	b.Until(`follow.followed().seq === 4`)
	b.Press(kb.ArrowUp + kb.ArrowUp + kb.ArrowUp)
	b.Until(`follow.followed().seq === 7 && document.querySelector(".life h3").innerText.includes("failed") && ` + life + `.includes("failed at")`)
	b.Press(kb.End)
	b.Until(`follow.followed().seq === 1 && document.getElementById(document.querySelector("[data-lines]").getAttribute("aria-activedescendant")).textContent.includes("#1")`)
	b.Click(`[data-follow-stop]`)
	b.Until(`follow.followed() === null && !document.querySelector("[data-life-some]").checkVisibility() && !document.querySelector("[data-follow-stop]").checkVisibility()`)
	b.Press(kb.Enter)
	b.Until(`follow.followed()?.seq === 1`)
	b.Press(kb.Escape)
	b.Until(`follow.followed() === null`)
	// The next that ends.
	b.Click(`[data-follow-next]`)
	b.Until(`document.querySelector("[data-follow-next]").getAttribute("aria-pressed") === "true"`)
	w.tell(lived(9, "done"), lived(10, "done"))
	b.Until(`follow.followed()?.seq === 9 && document.querySelector("[data-follow-next]").getAttribute("aria-pressed") === "false"`)
	// Followed elsewhere, it is marked here.
	b.Eval(`follow.follow({ ...follow.followed(), seq: 10 })`)
	b.Until(`document.querySelector("[aria-selected=true]").textContent.includes("#10")`)
	b.Quiet()
}

func TestTheLogIsBoundedAndStandsStillWhenFrozen(t *testing.T) {
	w := newWorks(t)
	b := w.browse(t)
	b.Eval(`window.changes = 0; new MutationObserver(() => changes++).observe(document.querySelector("[data-lines]"), { childList: true })`)
	began := time.Now()
	for batch := range 20 {
		for i := range 100 {
			e := lived(batch*100+i+1, "done")
			e["weight"] = 20
			w.tell(e)
		}
		b.Do(chromedp.Sleep(50 * time.Millisecond))
	}
	b.Until(line + `.length === 200 && document.querySelector("[data-lines] li").textContent.includes("#2,000")`)
	if n, most := browsertest.Ask[int](b, `changes`), 4*time.Since(began).Seconds()+2; float64(n) > most {
		t.Errorf("the list has changed %d times in %v", n, time.Since(began))
	}
	if !browsertest.Ask[bool](b, `document.querySelector("[data-lines] li").textContent.includes("1 of 20")`) {
		t.Error("a line does not say what it stands for")
	}
	bar := `document.querySelector(".eventlog-state").innerText`
	if got := browsertest.Ask[string](b, bar); got != "Newest first." {
		t.Errorf("the bar says %q", got)
	}
	b.Press(" ")
	b.Until(`document.documentElement.dataset.range === "frozen" && /^Frozen: the last 200 events until \d\d:\d\d:\d\d\.$/.test(` + bar + `)`)
	w.tell(lived(2001, "done"))
	b.Do(chromedp.Sleep(600 * time.Millisecond))
	if !browsertest.Ask[bool](b, `document.querySelector("[data-lines] li").textContent.includes("#2,000")`) {
		t.Error("frozen, the log went on")
	}
	b.Press(" ")
	b.Until(`document.querySelector("[data-lines] li").textContent.includes("#2,001") && ` + bar + ` === "Newest first."`)
	b.Quiet()
	w.lose()
	b.Until(`/^No connection since \d\d:\d\d:\d\d\.$/.test(` + bar + `)`)
}

func TestTheLogStandsStillUnderAPointerThatMoves(t *testing.T) {
	t.Parallel() // it waits, most of the time
	w := newWorks(t)
	b := w.browse(t)
	seq := 0
	tell := func(n int) {
		for range n {
			seq++
			w.tell(lived(seq, "done"))
		}
	}
	newest := func(seq int) string {
		return fmt.Sprintf(`document.querySelector("[data-lines] li .seq").textContent === "#%d"`, seq)
	}
	newer := `document.querySelector("[data-newer]")`
	box := browsertest.Ask[[]float64](b, `(() => { const r = document.querySelector("[data-lines]").getBoundingClientRect(); return [r.left, r.top] })()`)
	move := func(x, y float64) { b.Do(chromedp.MouseEvent(chromedp.MouseMoved, box[0]+x, box[1]+y)) }
	tell(10)
	b.Until(newest(10))
	// It waits for whoever moves in it, and then goes on.
	move(50, 40)
	move(60, 50)
	began := time.Now()
	tell(37)
	b.Until(newer + `.checkVisibility() && ` + newer + `.textContent === "37 newer" && ` + newest(10))
	b.Until(newest(47) + ` && !` + newer + `.checkVisibility()`)
	if stood := time.Since(began); stood < 3*time.Second || stood > 8*time.Second {
		t.Errorf("it stood still for %v", stood)
	}
	// A pointer that leaves, or rests, holds nothing.
	move(50, 60)
	move(-30, -5)
	began = time.Now()
	tell(1)
	b.Until(newest(48))
	if stood := time.Since(began); stood > 2*time.Second {
		t.Errorf("it stood still for %v after the pointer had left", stood)
	}
	// A key holds it; what is newer is there with a press of the button, and the focus with it.
	b.Eval(`document.querySelector("[data-lines]").focus()`)
	b.Press(kb.ArrowDown)
	tell(250)
	b.Until(newer + `.checkVisibility() && ` + newer + `.textContent === "250 newer" && ` + newest(48))
	b.Click(`[data-newer]`)
	b.Until(newest(298) + ` && ` + line + `.length === 200 && !` + newer + `.checkVisibility() && document.activeElement === document.querySelector("[data-lines]")`)
	b.Quiet()
}

// --- enqueue ---

func TestRequestsOfThisBrowserAreCountedAndStopped(t *testing.T) {
	w := newWorks(t)
	b := w.browse(t)
	told := `document.querySelector("[data-enqueue] [data-told]").textContent`
	b.Click(`[data-enqueue] [data-send="1"]`)
	b.Until(told + ` === "1 of 1 accepted."`)
	w.change(func() { w.refuse = 10 })
	b.Eval(`(() => { const i = document.getElementById("enqueue"); i.value = "200"; i.focus(); })()`)
	b.Press(kb.Enter)
	b.Until(told + `.startsWith("180 of 200 accepted; 20 refused")`)
	b.Until(`document.querySelector("[data-enqueue] progress").hidden`)
	if got := browsertest.Ask[string](b, told); got != "180 of 200 accepted; 20 refused (503: the buffer is full: 10 events may wait)." {
		t.Errorf("it says %q", got)
	}
	if posted, open, most := w.under(); posted != 201 || open != 0 || most > 6 {
		t.Errorf("%d requests, %d under way, %d at once", posted, open, most)
	}
	b.Complaints() // the browser tells of each 503
	// An answer after which there is no point in going on.
	w.change(func() { w.forbid = true })
	b.Eval(`document.getElementById("enqueue").value = "500"`)
	b.Click(`[data-enqueue] [data-send=""]`)
	b.Until(told + `.includes("stopped, for this lab takes none from here")`)
	if posted, _, _ := w.under(); posted > 201+8 {
		t.Errorf("%d requests, though the first was forbidden", posted-201)
	}
	w.change(func() { w.forbid = false })
	b.Complaints()
	// What is no number, or too much.
	b.Eval(`(() => { const i = document.getElementById("enqueue"); i.value = "10,001"; i.focus(); })()`)
	b.Press(kb.Enter)
	b.Until(`document.querySelector("[data-enqueue] [data-wrong]").textContent === "A whole number from 1 to 10,000, please."`)
	// Stopped.
	w.change(func() { w.refuse, w.pause = 0, 20*time.Millisecond })
	b.Eval(`document.getElementById("enqueue").value = "5000"`)
	b.Click(`[data-enqueue] [data-send=""]`)
	b.Until(`/^\d+ of 5,000 accepted\.$/.test(` + told + `) && !` + told + `.startsWith("0 ")`)
	b.Click(`[data-enqueue] [data-stop]`)
	b.Until(told + `.includes("stopped")`)
	stopped, _, _ := w.under()
	b.Do(chromedp.Sleep(200 * time.Millisecond))
	if posted, open, _ := w.under(); posted != stopped || open != 0 || posted > 2000 {
		t.Errorf("it went on from %d to %d, %d are under way", stopped, posted, open)
	}
	// The page goes: none is left.
	b.Click(`[data-enqueue] [data-send=""]`)
	b.Until(`/^\d+ of 5,000 accepted\.$/.test(` + told + `)`)
	b.Open("about:blank")
	b.Do(chromedp.Sleep(200 * time.Millisecond))
	left, open, _ := w.under()
	b.Do(chromedp.Sleep(200 * time.Millisecond))
	if posted, _, _ := w.under(); posted != left || open != 0 {
		t.Errorf("after the page %d more, %d under way", posted-left, open)
	}
	b.Quiet()
}

// --- controls that are off ---

func TestAControlThatIsOffSaysWhyAndKeepsItsCommands(t *testing.T) {
	w := newWorks(t)
	b := w.browse(t)
	if !browsertest.Ask[bool](b, `[...document.querySelectorAll("#f-pipeline-children-control :is(input:not([type=hidden]), button:not(.copy)), #f-pipeline-keep-control select, #f-Resume")].every((e) => e.disabled)`) {
		t.Error("a part of it can be used")
	}
	for id, reason := range map[string]string{"f-pipeline-children": "Used by the supervisor only.", "f-pipeline-keep": "Only while the buffer is bounded.", "f-Resume": "Nothing is paused."} {
		if got := browsertest.Ask[string](b, fmt.Sprintf(`document.getElementById(document.getElementById(%q).getAttribute("aria-describedby")).textContent`, id)); got != reason {
			t.Errorf("%s: it says %q", id, got)
		}
	}
	if browsertest.Ask[bool](b, `document.getElementById("f-pipeline-children-control").textContent.includes("At once.")`) {
		t.Error("hint and reason are both there")
	}
	b.Click(`#f-pipeline-children-twin summary`)
	b.Until(`document.querySelector("#f-pipeline-children-twin code").checkVisibility()`)
	if got := browsertest.Ask[string](b, `document.querySelector("#f-Pause-twin code").textContent`); got != "curl -X POST "+strings.TrimSuffix(w.url, "/works")+"/api/v1/pipeline/pause" {
		t.Errorf("the command is %q", got)
	}
	// An opened command leaves the row of buttons as it was.
	place := `JSON.stringify([..."Pause Resume Drain".split(" ")].map((n) => { const r = document.getElementById("f-" + n).getBoundingClientRect(); return [r.left, r.top - document.querySelector(".buttons").getBoundingClientRect().top] }))`
	before := browsertest.Ask[string](b, place)
	b.Click(`#f-Drain-twin summary`)
	b.Until(`document.querySelector("#f-Drain-twin code").checkVisibility()`)
	if after := browsertest.Ask[string](b, place); after != before {
		t.Errorf("the buttons moved from %s to %s", before, after)
	}
	b.Quiet()
}

// --- without scripts ---

func TestTheWorksStandWithoutScripts(t *testing.T) {
	w := newWorks(t)
	resp, err := http.Get(w.url)
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
		`role="group" aria-label="994 events in the system; consumer-1 holds all of them."`,
		`data-live="works.inbox">994</span>`, `needs JavaScript`, `curl -N http://`, `/api/v1/stream</code>`, `Used by the supervisor only.`,
		`data-path="/part2/genstage" data-most="10000"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, ` style="`) {
		t.Error("there is an inline style")
	}
}

// TestWorksPicturesAreTaken writes what the components look like into the folder
// AFFLUX_PICTURES names.
func TestWorksPicturesAreTaken(t *testing.T) {
	if !browsertest.Pictures() {
		return
	}
	w := newWorks(t)
	b := w.browse(t)
	for seq := 1; seq <= 40; seq++ {
		outcome, weight := "done", 1
		if seq%9 == 0 {
			outcome = "failed"
		}
		if seq > 30 {
			weight = 20
		}
		e := lived(seq, outcome)
		e["buffer_wait_ms"], e["weight"] = float64(seq*80), weight
		e["latency_ms"] = 3500.6 + float64(seq*80)
		w.tell(e)
	}
	b.Until(line + `.length === 40`)
	for _, n := range []int{1, 3, 12, 1000} {
		w.change(func() {
			w.flow = pipeline(n, 2)
			if n == 3 {
				w.flow.Nodes[1].Alarm = "2,000 dropped"
			}
		})
		b.Until(fmt.Sprintf(`document.querySelectorAll(".station").length === %d`, min(n, 13)+3))
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int{1440, 800, 360} {
				if theme == "dark" && n != 3 {
					continue
				}
				b.Viewport(width, 900)
				b.Click(`[data-theme-choice=` + theme + `]`)
				b.Eval(`document.querySelector(".flow-figure").scrollIntoView()`)
				if n == 3 {
					b.Eval(`document.querySelector("[aria-selected=true]") || document.querySelectorAll("[data-lines] li")[2].click()`)
				}
				b.Do(chromedp.Sleep(700 * time.Millisecond))
				b.Screenshot(fmt.Sprintf("works-%d-%s-%d", n, theme, width))
			}
		}
	}
	w.change(func() { w.flow = pipeline(3, 2) })
	b.Viewport(1440, 900)
	b.Eval(`scrollTo(0, 0)`)
	b.Press("m")
	b.Do(chromedp.Sleep(3 * time.Second))
	b.Screenshot("works-still")
	b.Press("t")
	b.Do(chromedp.Sleep(400 * time.Millisecond))
	b.Screenshot("works-tables")
	b.Press("t")
	b.Viewport(1366, 900)
	w.change(func() { w.refuse, w.pause = 10, 10*time.Millisecond })
	b.Click(`[data-enqueue] [data-send=""]`)
	b.Click(`#f-Pause-twin summary`)
	b.Do(chromedp.Sleep(1500 * time.Millisecond))
	b.Screenshot("works-enqueue")
}
