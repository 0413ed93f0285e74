package browsertest

import (
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// Pictures reports whether pictures are wanted, for tests that do nothing else.
func Pictures() bool { return os.Getenv("AFFLUX_PICTURES") != "" }

// Screenshot writes the whole page, also what does not fit the viewport, as
// name.png into the folder that AFFLUX_PICTURES names; without it, it does nothing.
func (b *Browser) Screenshot(name string) {
	b.t.Helper()
	if !Pictures() {
		return
	}
	picture := Run(b, chromedp.FullScreenshot(100)) // 100 is a PNG
	if err := os.WriteFile(filepath.Join(os.Getenv("AFFLUX_PICTURES"), name+".png"), picture, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
