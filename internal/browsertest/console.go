package browsertest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// console is what the browser's console says.
type console struct {
	mu   sync.Mutex // guards said
	said []string
}

// loud are the calls of the console API that are complaints.
var loud = []runtime.ConsoleAPICalledType{
	runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert,
}

// hear takes an event of the tab; it is called in the order in which they come.
func (c *console) hear(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		c.add(fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
	case *runtime.EventExceptionThrown:
		c.add("exception: " + exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if slices.Contains(loud, e.Type) {
			c.add(string(e.Type) + ": " + words(e.Args))
		}
	}
}

func (c *console) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, text)
}

func (c *console) heard() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.said)
}

func (c *console) forget() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.said
	c.said = nil
	return said
}

func exception(d *runtime.ExceptionDetails) string {
	text := d.Text
	if d.Exception != nil {
		text += " " + words([]*runtime.RemoteObject{d.Exception})
	}
	return fmt.Sprintf("%s at %s:%d:%d", text, d.URL, d.LineNumber+1, d.ColumnNumber+1)
}

// words are values as the console shows them, roughly.
func words(values []*runtime.RemoteObject) string {
	var all []string
	for _, v := range values {
		text := v.Description
		if text == "" {
			text = strings.Trim(string(v.Value), `"`)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// Complaints are the errors and warnings of the console since the last call, or
// since the start: what the page wrote, exceptions that nothing caught, and what
// the browser says itself, such as a violation of the policy.
func (b *Browser) Complaints() []string {
	b.t.Helper()
	b.Eval("0") // its answer comes after all that the page has said before
	return b.console.forget()
}

// Quiet fails the test if the console has complained since the last look at it.
func (b *Browser) Quiet() {
	b.t.Helper()
	if said := b.Complaints(); len(said) > 0 {
		b.t.Errorf("the console says:\n%s", strings.Join(said, "\n"))
	}
}
