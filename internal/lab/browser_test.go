package lab_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/config"
)

// ab puts real load on an endpoint.
func (r *running) ab(args string, path string) string {
	r.t.Helper()
	out, err := exec.Command("ab", append(strings.Fields(args), r.url+path)...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("ab %s %s: %v\n%s", args, path, err, out)
	}
	return string(out)
}

func slow(s *config.Settings) { s.Resource.Latency = 500 * time.Millisecond }

func TestPicturesOfTheRealPages(t *testing.T) {
	r := start(t, slow)
	b := browsertest.Start(t)
	b.Viewport(1440, 1000)
	b.Open(r.url + "/part1")
	b.Until(`document.documentElement.dataset.view === "live"`)
	b.Screenshot("empty")
	r.ab("-q -n 200 -c 50", "/part1/serial")
	r.ab("-q -n 3000 -c 50", "/part1/async")
	b.Do(chromedp.Sleep(1500 * time.Millisecond))
	b.Screenshot("after")
	b.Quiet()
}
