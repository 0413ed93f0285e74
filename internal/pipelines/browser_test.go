package pipelines_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/pipelines"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Shared(m).Run()) }

// look opens the page of those pipelines in a browser, once it is live.
func look(t *testing.T, of func() []pipelines.Pipeline) *browsertest.Browser {
	t.Helper()
	s := site(t, of)
	server := httptest.NewServer(handler(t, of, s))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-done; server.Close() })
	b := browsertest.Start(t)
	b.Open(server.URL + "/stage")
	b.Until(`document.documentElement.dataset.stream === "live"`)
	return b
}

// outOfPlace names a text of the picture that lies on a box that is not its own, and one
// that cannot be scrolled to.
const outOfPlace = `(() => {
	const region = document.querySelector(".flow-figure > .scroll");
	region.scrollLeft = 1e6;
	const frame = region.getBoundingClientRect();
	const boxes = [...document.querySelectorAll(".station")].map((e) => [e, e.getBoundingClientRect()]);
	if (boxes.some(([, a]) => a.right > frame.right + 1)) return "beyond the end";
	region.scrollLeft = 0;
	const texts = [...document.querySelectorAll(".stages :is(.fact, .name, .badge, .kind)")].filter((e) => e.checkVisibility()).map((e) => [e, e.getBoundingClientRect()]);
	const placed = [...document.querySelectorAll(".station")].map((e) => [e, e.getBoundingClientRect()]);
	for (const [e, a] of texts) for (const [o, c] of placed)
		if (!o.contains(e) && Math.min(a.right, c.right) - Math.max(a.left, c.left) > 1 && Math.min(a.bottom, c.bottom) - Math.max(a.top, c.top) > 3) return e.textContent + " over the box of " + o.textContent;
	return "";
})()`

func TestAGraphOfAnyShapeFitsAnyScreen(t *testing.T) {
	var now atomic.Pointer[made]
	now.Store(crawl())
	b := look(t, func() []pipelines.Pipeline { return only(now.Load())() })
	for name, m := range map[string]*made{"crawl": busy(crawl()), "wide": wide(30), "long": long(20), "small": wide(1)} {
		now.Store(m)
		b.Open(browsertest.Ask[string](b, `location.href`))
		for _, width := range []int{320, 360, 800, 1440, 1920} {
			b.Viewport(width, 900)
			b.Until(fmt.Sprintf(`innerWidth === %d`, width))
			if over := browsertest.Ask[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s at %d px: the page is %d px too wide", name, width, over)
			}
			if got := browsertest.Ask[string](b, outOfPlace); got != "" {
				t.Errorf("%s at %d px: %s", name, width, got)
			}
			b.Screenshot(fmt.Sprintf("stages-%s-%d", name, width))
		}
	}
	b.Quiet()
}

// busy has something everywhere.
func busy(m *made) *made {
	for i := range m.Outlets {
		o := &m.Outlets[i]
		o.Accepted, o.Done, o.Buffer, o.Inboxes, o.Hands, o.Delayed, o.RateIn, o.RateOut = 123456, 120000, 812, 2000, 16, 12, 812.3, 799.1
	}
	return m
}
