package browsertest

import (
	"context"
	"time"

	"github.com/chromedp/chromedp"
)

// Do takes steps one after the other.
func (b *Browser) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, done := b.step()
	defer done()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\n%s", err, b.scene())
	}
}

// Run takes a step that returns something.
func Run[T any](b *Browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, done := b.step()
	defer done()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%v\n%s", err, b.scene())
	}
	return v
}

// Ask evaluates JavaScript in the page and returns its value. A promise is waited
// for.
func Ask[T any](b *Browser, expression string) T {
	b.t.Helper()
	v, err := ask[T](b, expression, stepTime)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", expression, err, b.scene())
	}
	return v
}

func ask[T any](b *Browser, expression string, patience time.Duration) (T, error) {
	ctx, done := context.WithTimeout(b.ctx, patience)
	defer done()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Eval evaluates JavaScript for what it does, whatever its value.
func (b *Browser) Eval(expression string) {
	b.t.Helper()
	Ask[chromedp.Void](b, expression)
}

// Open goes to an address and waits until its page is loaded, whatever its status.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(url))
}

// Press types keys into what has the focus. The package kb of chromedp names those
// that are no letters, such as kb.Enter; modifiers are held meanwhile.
func (b *Browser) Press(keys string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// Click clicks the first element that a CSS selector fits, once it is visible.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *Browser) step() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, stepTime)
}
