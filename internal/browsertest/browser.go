package browsertest

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	startTime = time.Minute      // for the browser to come up, on a machine that is busy
	stepTime  = 30 * time.Second // for each step
	untilTime = 15 * time.Second // for an expression to become true
	pause     = 50 * time.Millisecond
)

// programs are the names that Chromium goes by. The first is the same engine without
// the browser's own windows, for half the processor time.
var programs = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// Browser is a browser with one tab.
type Browser struct {
	t       testing.TB
	ctx     context.Context // chromedp's, of the tab
	console *console
}

// Start starts a browser that is stopped with the test. It fails the test where
// there is no Chromium on the PATH, or where it does not come up.
func Start(t testing.TB) *Browser {
	t.Helper()
	program, err := find()
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, console: &console{}}
	with := []chromedp.ContextOption{chromedp.WithListener(b.console.hear)}
	var in context.Context
	if all == nil {
		var stop func()
		in, stop = allocate(program)
		t.Cleanup(stop)
	} else {
		if in, err = all.up(program); err != nil {
			t.Fatalf("%s did not come up: %v", program, err)
		}
		with = append(with, chromedp.WithNewBrowserContext())
	}
	ctx, leave := chromedp.NewContext(in, with...)
	t.Cleanup(leave)
	b.ctx = ctx
	if err := comeUp(ctx, leave); err != nil {
		t.Fatalf("%s did not come up: %v", program, err)
	}
	return b
}

// allocate prepares a process; it starts with the first step.
func allocate(program string) (context.Context, context.CancelFunc) {
	return chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], options(program)...)...)
}

// comeUp takes the first step. What it starts lives as long as the context of that
// step, so a deadline of that context would be the browser's.
func comeUp(ctx context.Context, leave func()) error {
	slow := time.AfterFunc(startTime, leave)
	defer slow.Stop()
	return chromedp.Do(ctx)
}

func find() (string, error) {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("this test needs a Chromium on the PATH: apt-get install chromium-headless-shell, or make tools")
}

// options keep the browser to itself. The resolver rules hold for addresses too,
// so that a page can reach nothing but loopback.
func options(program string) []chromedp.ExecAllocatorOption {
	own := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program),
		chromedp.NoSandbox,                         // has none where root runs it, as in a container
		chromedp.Flag("lang", "en-US"),             // whatever the machine speaks: one that speaks C has no name in a browser
		chromedp.Flag("proxy-server", "direct://"), // the headless shell does not know no-proxy-server
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]"),
	}
	for _, flag := range []string{
		"disable-background-networking", "disable-component-update", "disable-domain-reliability", "disable-sync", "no-pings",
	} {
		own = append(own, chromedp.Flag(flag, true))
	}
	return own
}

// In is the same browser for a subtest: its failures are that test's.
func (b *Browser) In(t testing.TB) *Browser {
	return &Browser{t: t, ctx: b.ctx, console: b.console}
}

// Context is chromedp's, for what this package does not offer, such as
// [chromedp.Events]. It ends with the browser.
func (b *Browser) Context() context.Context { return b.ctx }
