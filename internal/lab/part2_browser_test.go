package lab_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/config"
)

// scaled is a lab whose work takes a fifth of the workshop's time.
func scaled(s *config.Settings) { s.Resource.Latency = 100 * time.Millisecond }

// number reads a value of the page as one.
func number(name string) string {
	return fmt.Sprintf(`Number(%s.replaceAll(",", ""))`, told(name))
}

// says waits until the page, somewhere, says so.
func says(b *browsertest.Browser, text string) {
	b.Until(fmt.Sprintf(`document.getElementById("main").textContent.includes(%q)`, text))
}

func TestThePart2PageFollowsARealBurstAndItsControls(t *testing.T) {
	r := start(t, scaled)
	b := look(t, r, "/part2")
	says(b, "No event has come yet.")
	r.ab("-q -n 600 -c 50", "/part2/genstage")
	b.Until(number("part2.in_system") + ` > 400`)
	b.Until(told("part2.usage") + ` === "1"`)
	b.Until(`/^clears in /.test(` + told("part2.clears") + `)`)
	b.Until(`Number(document.querySelector("[data-since]").textContent.replaceAll(",", "")) > 100`)
	b.Until(`/[1-9]/.test(` + drawn("in_inboxes") + `)`)
	b.Until(`/[1-9]/.test(` + drawn("done") + `)`)
	b.Eval(`document.querySelector("[data-eventlog]").scrollIntoView()`) // out of sight it rests
	b.Until(`document.querySelectorAll("[data-lines] [role=option]").length > 5`)

	// Two more, by a click: they find nothing to do, and the page says why.
	b.Click("#f-pipeline-consumers-step-1 button")
	b.Until(`document.getElementById("f-pipeline-consumers").value === "3"`)
	says(b, "consumer-3")
	says(b, "2 consumers are idle while")
	b.Until(`[...document.querySelectorAll("[data-flow] .name")].filter((n) => n.textContent.startsWith("consumer-")).length === 3`)
	if v := r.pipeline(); v.Consumers[1].Done+v.Consumers[2].Done > 0 {
		t.Errorf("those who came late had something to do: %+v", v.Consumers)
	}
	b.Click("#f-Rebalance")
	b.Until(told("part2.usage") + ` === "3"`)
	b.Until(`/^(2[0-9]|3[0-9])/.test(` + told("part2.out_rate") + `)`)

	b.Click("#f-Pause")
	says(b, "The hand-out is paused.")
	b.Until(told("part2.usage") + ` === "0"`)
	b.Click("#f-Resume")
	b.Until(told("part2.usage") + ` === "3"`)
	b.Click("#f-Drain")
	says(b, "The intake is draining.")
	if a := r.ask("GET", "/part2/genstage", ""); a.status != 503 {
		t.Errorf("a draining pipeline answers %d", a.status)
	}
	b.Click("#f-Resume")
	b.Until(`!document.getElementById("main").textContent.includes("The intake is draining.")`)

	// The other kind greys out what it does not use, and says so.
	r.set(`{"pipeline":{"kind":"supervisor"},"resource":{"latency":"20ms"}}`)
	b.Until(`document.getElementById("f-pipeline-consumers").disabled && !document.getElementById("f-pipeline-concurrency").disabled`)
	b.Until(`document.getElementById("f-pipeline-consumers-hint").textContent === "Used by kind consumers only."`)
	says(b, "consumer-supervisor")
	r.worksOff()
	b.Until(told("part2.in_system") + ` === "0" && ` + told("part2.clears") + ` === "nothing is in the system"`)
	b.Until(told("part2.done") + ` === "600"`)
	b.Screenshot("part2-after")
	b.Quiet()
}

func TestEventsComeFromTheBrowserAndOneOfThemIsFollowed(t *testing.T) {
	r := start(t, scaled)
	b := look(t, r, "/part2")
	b.Eval(`document.getElementById("enqueue").value = "30"`)
	b.Click("[data-enqueue] [data-send]")
	b.Until(number("part2.enqueued") + ` === 30`)
	b.Until(`document.querySelectorAll("[data-lines] [role=option]").length >= 10`)
	b.Click("[data-lines] [role=option]:nth-child(2)")
	b.Until(`!document.querySelector("[data-life-some]").hidden`)
	title := browsertest.Ask[string](b, `document.querySelector("[data-life] [data-of=title]").textContent`)
	if !strings.Contains(title, "#") {
		t.Errorf("followed: %q", title)
	}
	r.worksOff()
	b.Until(`/^measured 0\.(09|1\d) s per event$/.test(document.querySelector("[data-scatter] [data-fit=measured]").textContent)`)
	if again := browsertest.Ask[string](b, `document.querySelector("[data-life] [data-of=title]").textContent`); again != title {
		t.Errorf("%q became %q while the log ran on", title, again)
	}
	b.Quiet()
}

func TestThePart2PageFitsEveryWidthAndIsStillWhereMotionIsUnwanted(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency, s.Server.Grace = 500*time.Millisecond, 0 })
	r.set(`{"pipeline":{"consumers":3,"max_demand":10}}`)
	for range 400 {
		r.ask("POST", "/part2/genstage", "")
	}
	b := look(t, r, "/part2")
	for _, width := range []int{320, 360, 800, 1024, 1280, 1440, 1920} {
		b.Viewport(width, 900)
		b.Until(fmt.Sprintf(`innerWidth === %d`, width))
		if over := browsertest.Ask[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d px the page is %d px too wide", width, over)
		}
		b.Screenshot(fmt.Sprintf("part2-%d", width))
	}
	b.Viewport(1280, 900)
	b.Until(`document.getAnimations().some((a) => a.playState === "running")`)
	b.Prefer(browsertest.Media{Motion: "reduce", Scheme: "dark"})
	b.Until(`!document.getAnimations().some((a) => a.playState === "running")`)
	b.Until(`[...document.querySelectorAll("[data-passed]")].some((p) => /^\+\d/.test(p.textContent))`)
	b.Screenshot("part2-still-dark")
	b.Quiet()
}
