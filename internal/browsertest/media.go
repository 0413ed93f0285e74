package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Media is what a visitor's system asks of a page. Empty fields are as Chromium
// has them by itself.
type Media struct {
	Scheme   string // prefers-color-scheme: "dark" or "light"
	Motion   string // prefers-reduced-motion: "reduce" or "no-preference"
	Contrast string // prefers-contrast: "more", "less" or "no-preference"
	Colours  string // forced-colors: "active" or "none"
	Type     string // "screen" or "print"
}

// Prefer makes the browser a visitor with these preferences, and none of those
// set before. Pages that are open follow at once.
func (b *Browser) Prefer(m Media) {
	b.t.Helper()
	p := emulation.SetEmulatedMediaParams{Media: m.Type, Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: m.Scheme},
		{Name: "prefers-reduced-motion", Value: m.Motion},
		{Name: "prefers-contrast", Value: m.Contrast},
		{Name: "forced-colors", Value: m.Colours},
	}}
	b.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, p)
		return err
	}))
}

// Viewport gives the page a size in CSS pixels.
func (b *Browser) Viewport(width, height int) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(int64(width), int64(height)))
}
