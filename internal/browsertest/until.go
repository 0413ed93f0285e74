package browsertest

import (
	"fmt"
	"strings"
	"time"
)

// Until waits for an expression to become true, in this page or in the one that
// follows it. One that throws is not true yet. After 15 s it fails the test and
// says what it saw.
func (b *Browser) Until(expression string) {
	b.t.Helper()
	if err := b.until(expression, untilTime); err != nil {
		b.Screenshot("failed-" + strings.ReplaceAll(b.t.Name(), "/", "-"))
		b.t.Fatalf("never true: %s\n%s", expression, err)
	}
}

// until asks from here and not within the page, where a question does not outlive
// the page, and where the policy of a page might forbid it.
func (b *Browser) until(expression string, patience time.Duration) error {
	again := time.NewTicker(pause)
	defer again.Stop()
	for deadline := time.Now().Add(patience); ; {
		isTrue, err := ask[bool](b, "Boolean("+expression+")", patience)
		switch {
		case isTrue:
			return nil
		case b.ctx.Err() != nil:
			return fmt.Errorf("the browser is gone: %w", b.ctx.Err())
		case time.Now().After(deadline) && err != nil:
			return fmt.Errorf("it throws: %w\n%s", err, b.scene())
		case time.Now().After(deadline):
			return fmt.Errorf("%s", b.scene())
		}
		<-again.C
	}
}

// scene is where a test stood when it failed.
func (b *Browser) scene() string {
	const question = `[
		"at " + location.href + ", titled " + JSON.stringify(document.title) + ", " + document.readyState,
		"html " + JSON.stringify({...document.documentElement.dataset}),
		"focus on " + (document.activeElement?.outerHTML ?? "nothing").slice(0, 500),
		"text " + JSON.stringify((document.body?.innerText ?? "").slice(0, 1000)),
	].join("\n")`
	seen, err := ask[string](b, question, pause*20)
	if err != nil {
		seen = "the page cannot be asked: " + err.Error()
	}
	for _, said := range b.console.heard() {
		seen += "\nconsole: " + said
	}
	return seen
}
