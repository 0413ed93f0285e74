// Package browsertest drives a real Chromium for the tests of pages. Only tests
// may import it; internal/archtest holds that.
//
//	b := browsertest.Start(t)
//	b.Open(server.URL + "/part1")
//	b.Until(`document.documentElement.dataset.view === "live"`)
//	b.Do(chromedp.Focus(chromedp.ID("f-resource-limit")))
//	b.Press("15" + kb.Enter)
//	if got := browsertest.Ask[string](b, `document.title`); got != "Part 1 · Afflux" {
//		t.Error(got)
//	}
//	b.Quiet()
//
// # What it does
//
// [Start] starts a browser of the test's own, with one tab and a profile that is
// deleted afterwards; see [Shared] for one whose process is not its own. It fails the test where there is no Chromium: a page that
// was not looked at is not known to work. The browser reaches loopback and
// nothing else, whatever a page asks for and whatever proxy the environment
// names. It is stopped, and waited for, when the test ends, or the last test that shares
// it; a goroutine or a process never stays.
//
// Steps are chromedp's actions, by [Browser.Do], and [Run] for those that return
// something. The shortcuts here are for what nearly every test does. Each step
// has 30 s; every failure ends the test and says at which page it happened.
//
// [Browser.Until] is how a test waits: it asks until an expression is true, for
// 15 s, also while one page makes way for the next. When it gives up it says what
// the page looked like instead. A test that shows that something does not happen
// waits for something else that would come later.
//
// The console is listened to from the first moment: errors and warnings that the
// page writes, exceptions that nothing caught, and all that the browser has to
// say, such as a violation of the Content-Security-Policy or a file that is
// missing. [Browser.Complaints] hands them over, [Browser.Quiet] demands that
// there are none.
//
// # Pictures
//
// [Browser.Screenshot] writes into the folder that AFFLUX_PICTURES names, and does
// nothing without it. With it, a failed Until also leaves a picture.
//
// # What it costs
//
// Some seconds of processor time for each Start, and some hundred MB while the browser
// runs. The tests of a package share one by [Shared], and a Start is then a window with
// a profile of its own, for a third of that: no cookie, nothing stored and no page goes
// from one test to the next. A table of subtests can share one window by [Browser.In].
// One browser is for one goroutine at a time.
package browsertest
