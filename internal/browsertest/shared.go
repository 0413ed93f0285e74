package browsertest

import (
	"context"
	"sync"

	"github.com/chromedp/chromedp"
)

// Tests are those of a package, which [testing.M] runs.
type Tests interface{ Run() int }

// Shared are tests that share one Chromium: each [Start] opens a window in it, with a
// profile of its own. It comes up with the first of them and is stopped, and waited
// for, after the last test.
func Shared(tests Tests) Tests { return sharing{tests} }

type sharing struct{ tests Tests }

func (s sharing) Run() int {
	all = &process{}
	defer func() { all.end(); all = nil }()
	return s.tests.Run()
}

// all is the process of all tests; nil if each has its own.
var all *process

// process is a Chromium that outlives a test.
type process struct {
	mu   sync.Mutex      // guards what follows, and has others wait while it comes up
	ctx  context.Context // chromedp's, of the window that it begins with; nil before
	stop []func()
}

// up is the context that windows are opened in. After a crash it is another one.
func (p *process) up(program string) (context.Context, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx != nil && p.ctx.Err() == nil {
		return p.ctx, nil
	}
	p.end()
	ctx, stop := allocate(program)
	ctx, leave := chromedp.NewContext(ctx)
	p.ctx, p.stop = ctx, []func(){leave, stop}
	return ctx, comeUp(ctx, leave)
}

// end stops it, if there is one.
func (p *process) end() {
	for _, stop := range p.stop {
		stop()
	}
	p.ctx, p.stop = nil, nil
}
