package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/config"
)

// station is the text of a node in the picture of the pipelines.
func station(name string) string {
	return fmt.Sprintf(`([...document.querySelectorAll(".station")].find((s) => s.querySelector(".name").textContent === %q)?.textContent ?? "").replace(/\s+/g, " ")`, name)
}

// fact is a number of such a node.
func fact(node, label string) string {
	return fmt.Sprintf(`Number((%s.match(/\b%s ([\d,]+)/)?.[1] ?? "-1").replaceAll(",", ""))`, station(node), label)
}

func TestTheStagesPageFollowsARealBurst(t *testing.T) {
	r := start(t, func(s *config.Settings) { scaled(s); s.Pipeline.Consumers, s.Pipeline.MaxDemand = 2, 10 })
	b := look(t, r, "/stage")
	b.Until(fact("producer", "buffer") + ` === 0 && ` + fact("consumer-2", "done") + ` === 0`)
	r.ab("-q -n 300 -c 20", "/part2/genstage")
	b.Until(fact("producer", "buffer") + ` > 200 && ` + fact("producer", "inboxes") + ` > 0 && ` + fact("producer", "in hand") + ` === 2`)
	b.Until(station("consumer-1") + `.includes("busy 1 of 1")`)
	b.Until(fact("consumer-2", "done") + ` > 3`)
	before := browsertest.Ask[int](b, fact("producer", "buffer"))
	b.Until(fmt.Sprintf(`%s < %d`, fact("producer", "buffer"), before))
	b.Until(`document.querySelector("[id='flow-pipeline-1-at-producer--at-consumer-1-0']").getAnimations()[0]?.playState === "running"`)
	says(b, "ahead: 10, again at")

	// Tables in its place, by a key; and from a node into the observer, by another.
	b.Press("t")
	b.Until(`!document.querySelector(".stages").checkVisibility() && document.querySelector(".flow-figure .twin-table").checkVisibility()`)
	b.Press("t")
	b.Until(`document.querySelector(".stages").checkVisibility()`)
	b.Screenshot("stages")
	r.worksOff()
	b.Until(fact("producer", "buffer") + ` === 0`)
	b.Until(fact("consumer-1", "done") + ` + ` + fact("consumer-2", "done") + ` === 300`)
	b.Click(`.station a[href="/observer?node=consumer-1"]`)
	b.Until(`document.querySelector("#detail")?.dataset.node === "consumer-1"`)
	alive(b)
	b.Press("g")
	b.Press("s")
	b.Until(`location.pathname === "/stage"`)
	b.Quiet()
}

func TestTheStagesPageFitsEveryWidth(t *testing.T) {
	r := start(t, func(s *config.Settings) { slow(s); s.Pipeline.Consumers, s.Server.Grace = 40, 0 })
	b := look(t, r, "/stage")
	b.Prefer(browsertest.Media{Scheme: "dark"})
	for _, width := range []int{320, 360, 1440} {
		b.Viewport(width, 900)
		b.Until(fmt.Sprintf(`innerWidth === %d`, width))
		if over := browsertest.Ask[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d px the page is %d px too wide", width, over)
		}
		b.Screenshot(fmt.Sprintf("stages-dark-%d", width))
	}
	if page := r.ask("GET", "/stage", "").body; !strings.Contains(page, "and 31 more") {
		t.Error("the picture is not cut")
	}
	b.Quiet()
}
