package lab_test

import (
	"regexp"
	"testing"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/config"
)

func TestTheObserverFindsANodeKillsItAndWatchesItComeBack(t *testing.T) {
	r := start(t, slow)
	b := look(t, r, "/observer")
	b.Until(`document.querySelector("#kin-tree.graph .kin") !== null`)
	r.ab("-q -n 200 -c 20", "/part2/genstage")

	// Search: found, marked, said aloud; Enter opens it.
	b.Eval(`document.getElementById("find").focus()`)
	b.Press("mock")
	b.Until(`[...document.querySelectorAll(".kin.found")].map((n) => n.dataset.pick).join() === "mock-resource"`)
	b.Until(`document.getElementById("found").textContent === "found: mock-resource"`)
	b.Screenshot("observer-found")
	b.Press("\r")
	b.Until(`document.querySelector("#detail")?.dataset.node === "mock-resource" && location.search === "?node=mock-resource"`)
	says(b, "1 use going on")
	b.Until(`document.querySelector("#detail .here").textContent.includes("Serve(")`)

	// Another node; what is told of it goes on without a click.
	b.Eval(`document.getElementById("find").value = ""; document.getElementById("find").dispatchEvent(new Event("input", { bubbles: true }))`)
	b.Until(`document.querySelectorAll(".kin.found").length === 0`)
	b.Click(`.kin[data-pick="consumer-1"]`)
	b.Until(`document.querySelector("#detail")?.dataset.node === "consumer-1"`)
	inbox := `Number(document.querySelector("#detail").textContent.match(/(\d+) events in its inbox/)?.[1] ?? 1000)`
	before := browsertest.Ask[float64](b, inbox)
	b.Until(inbox + ` < ` + browsertest.Ask[string](b, `String(`+inbox+` - 2)`))
	if before > 200 {
		t.Errorf("%v events in the inbox", before)
	}

	// A kill is confirmed with what will happen; Escape leaves it alone.
	b.Click("#kill")
	b.Until(`document.activeElement?.id === "leave-alone"`)
	says(b, "Its inbox goes back to the queue.")
	says(b, "It will be restart 1 of the 3")
	b.Screenshot("observer-confirm")
	b.Press("\x1b")
	b.Until(`document.getElementById("confirm-kill") === null && document.activeElement?.id === "kill"`)
	b.Click("#kill")
	b.Until(`document.activeElement?.id === "leave-alone"`)
	b.Click("#kill-now")
	b.Until(`document.getElementById("confirm-kill") === null && document.querySelector(".log")?.textContent.includes("consumer-1 was killed")`)
	b.Until(`document.querySelector(".log").textContent.includes("ran again after")`)
	b.Until(`document.querySelector('.kin[data-pick="consumer-1"]').textContent.includes("restarted once")`)
	b.Quiet()
}

func TestTheTableOfProcessesSortsAndStaysSortedAndTellsAWindow(t *testing.T) {
	r := start(t, func(s *config.Settings) { slow(s); s.Pipeline.Consumers = 3 })
	b := look(t, r, "/observer")
	r.ab("-q -n 60 -c 20", "/part2/genstage")
	first := `document.querySelector("[data-sortable] tbody tr th").textContent`
	heading := func(n string) string { return `[data-sortable] thead th:nth-child(` + n + `) .sorter` }
	b.Click(heading("3"))
	b.Until(`document.querySelector("[data-sortable] th:nth-child(3)").ariaSort === "descending" && ` + first + ` === "mock-resource"`) // which all three use at one time
	b.Until(`Number(document.querySelector("[data-sortable] tbody tr td:nth-child(7)").textContent) > 2`)                               // drawn anew, and sorted still
	b.Until(first + ` === "mock-resource"`)
	b.Until(`document.activeElement.matches(".sorter")`) // though the table has been drawn anew
	b.Click(heading("1"))
	b.Until(first + ` === "afflux"`)
	b.Click(`[data-over="10s"]`)
	b.Until(`location.search === "?over=10s" && document.querySelector('[data-over="10s"]').ariaCurrent === "true"`)
	b.Until(`document.getElementById("process-10s-consumer-1") !== null`)
	b.Quiet()
}

func TestTheObserverIsWholeNarrowAndDark(t *testing.T) {
	r := start(t, slow)
	r.ask("POST", "/api/v1/cpu?seconds=1", "")
	b := look(t, r, "/observer?node=mock-resource")
	b.Viewport(390, 800)
	b.Prefer(browsertest.Media{Scheme: "dark"})
	b.Open(r.url + "/observer?node=mock-resource&confirm=kill")
	alive(b)
	b.Until(`document.querySelector("#kin-tree") && !document.querySelector("#kin-tree.graph")`)
	b.Until(`document.documentElement.scrollWidth <= innerWidth`)
	b.Until(`document.querySelector(".crowd tbody tr") !== null`)
	b.Screenshot("observer-narrow-dark")
	b.Quiet()
}

func TestThePictureOfThePipelineLeadsToEachOfItsNodes(t *testing.T) {
	r := start(t, func(s *config.Settings) { slow(s); s.Pipeline.Consumers = 12 }) // more than the picture shows
	nodes := regexp.MustCompile(`href="/observer\?node=([^"]+)"`)
	links := nodes.FindAllStringSubmatch(r.ask("GET", "/part2", "").body, -1)
	if len(links) != 14 { // part2, http, producer, ten of the consumers, mock-resource
		t.Errorf("%d links", len(links))
	}
	for _, l := range links {
		if child, _ := r.treeNow(l[1]); child.Name == "" {
			t.Errorf("there is no %s in the tree", l[1])
		}
	}
	b := look(t, r, "/part2")
	b.Click(`[data-panel="part2/flow"] a[href="/observer?node=consumer-1"]`)
	b.Until(`document.querySelector("#detail")?.dataset.node === "consumer-1"`)
	b.Open(r.url + "/part2")
	alive(b)
	r.set(`{"pipeline":{"kind":"supervisor"}}`)
	b.Until(`document.querySelector('[data-panel="part2/flow"] a[href="/observer?node=consumer-supervisor"]') !== null`)
	b.Quiet()
}
