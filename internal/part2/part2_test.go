package part2_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/supervise"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// defaults are the workshop's.
func defaults() part2.Settings {
	return part2.Settings{
		Kind: part2.Consumers, Consumers: 1, Concurrency: 10, Refill: 1, Handout: part2.Prefetch,
		MaxDemand: 1000, MinDemand: -1, Buffer: 10_000, Overflow: part2.Reject, Attempts: 5,
	}
}

// chapter is a part on a resource, both under one supervisor, as in the lab.
type chapter struct {
	*part2.Part
	t        testing.TB
	mock     *resource.Mock
	tree     *supervise.Tree
	settings part2.Settings
	began    time.Time
	stop     func() error // ends the tree at once
	routes   map[string]http.HandlerFunc
}

// open makes one; it is served until the test ends.
func open(t testing.TB, change func(*part2.Settings), latency time.Duration) *chapter {
	t.Helper()
	return openWith(t, change, latency, part2.Options{})
}

func openWith(t testing.TB, change func(*part2.Settings), latency time.Duration, opts part2.Options) *chapter {
	t.Helper()
	rs := resource.Defaults()
	rs.Latency = latency
	mock, err := resource.New(rs)
	if err != nil {
		t.Fatal(err)
	}
	s := defaults()
	if change != nil {
		change(&s)
	}
	p, err := part2.New(mock, s, opts)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := supervise.New(supervise.Config{Name: "root", MaxRestarts: 1_000_000, Children: []supervise.Child{
		{Name: "mock-resource", Service: mock}, {Name: "part2", Service: p.Tree()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &chapter{Part: p, t: t, mock: mock, tree: tree, settings: s, began: time.Now(), routes: map[string]http.HandlerFunc{}}
	for _, r := range p.Routes() {
		if r.Class != web.Work {
			t.Errorf("%s %s is not a work route", r.Method, r.Path)
		}
		c.routes[r.Method+" "+r.Path] = r.Handler
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tree.Serve(ctx) }()
	c.stop = func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
	t.Cleanup(func() { c.stop() })
	return c
}

// enqueue sends n requests and returns how many were answered OK.
func (c *chapter) enqueue(n int) (ok int) {
	c.t.Helper()
	for range n {
		w := httptest.NewRecorder()
		c.routes["GET /part2/genstage"](w, httptest.NewRequest("GET", "/part2/genstage", nil))
		switch {
		case w.Code == 200 && w.Body.String() == "OK":
			ok++
		case w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Body.String() == "OK":
			c.t.Fatalf("answered %d %q", w.Code, w.Body)
		}
	}
	return ok
}

// change applies other settings.
func (c *chapter) change(f func(*part2.Settings)) {
	c.t.Helper()
	f(&c.settings)
	if err := c.Apply(c.settings); err != nil {
		c.t.Fatal(err)
	}
}

// law checks what holds at every moment, and returns the view.
func (c *chapter) law() part2.View {
	c.t.Helper()
	v := c.View(0)
	if broken := lawOf(v); broken != "" {
		c.t.Fatalf("%s: %+v", broken, v)
	}
	return v
}

// lawOf says how a view breaks the law, if it does.
func lawOf(v part2.View) (broken string) {
	rest := v.Retrying + v.InBuffer + v.InInboxes + v.InHand
	busy, inbox := 0, 0
	for _, c := range v.Consumers {
		busy += c.Busy
		inbox += c.Inbox
	}
	switch {
	case v.Enqueued != v.Done+v.Failed+v.Dropped+uint64(rest):
		return "the law is broken"
	case v.InSystem != rest:
		return "in_system is not the sum of its terms"
	case busy != v.InHand || inbox != v.InInboxes:
		return "the consumers hold other than what is in hand and in inboxes"
	}
	return ""
}

// request sends one request, as the server would.
func (c *chapter) request(method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.routes[method+" "+path](w, httptest.NewRequest(method, path, nil))
	return w
}

// use changes the resource.
func (c *chapter) use(f func(*resource.Settings)) {
	c.t.Helper()
	s := c.mock.Settings()
	f(&s)
	if err := c.mock.Apply(s); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chapter) kill(name string) {
	c.t.Helper()
	if err := c.tree.Kill(name); err != nil {
		c.t.Fatal(err)
	}
	synctest.Wait()
}

// node finds one in the tree; its zero if it is not there.
func (c *chapter) node(name string) supervise.Node { return find(c.tree.Snapshot(), name) }

func find(in supervise.Node, name string) supervise.Node {
	if in.Name == name {
		return in
	}
	for _, child := range in.Children {
		if n := find(child, name); n.Name != "" {
			return n
		}
	}
	return supervise.Node{}
}

// pass lets time go by and looks at the law every 50 ms. What happens at its end
// has happened when it returns.
func (c *chapter) pass(d time.Duration) part2.View {
	c.t.Helper()
	synctest.Wait()
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(50*time.Millisecond, time.Until(end)))
		synctest.Wait()
		c.law()
	}
	return c.law()
}

// uses are the books that the resource has of the chapter.
func (c *chapter) uses() resource.Counts { return c.mock.Snapshot().Caller(part2.Caller).Total }

// settled checks that nothing is left, and that all n events are done: each was
// used to its end once.
func (c *chapter) settled(n int) part2.View {
	c.t.Helper()
	v := c.law()
	total := c.Snapshot().Total
	if v.InSystem != 0 || total.Enqueued != uint64(n) || total.Done != uint64(n) {
		c.t.Errorf("%d in the system, %+v; want %d done", v.InSystem, total, n)
	}
	if u := c.uses(); u.Finished != uint64(n) || u.InFlight != 0 {
		c.t.Errorf("the resource was used %+v; want %d finished", u, n)
	}
	return v
}

// names are those of the consumers in the view, and in parentheses if they leave.
func names(v part2.View) (names []string) {
	for _, c := range v.Consumers {
		if c.Leaving {
			c.Name = "(" + c.Name + ")"
		}
		names = append(names, c.Name)
	}
	return names
}

func (c *chapter) wantNames(v part2.View, want ...string) {
	c.t.Helper()
	if got := names(v); !slices.Equal(got, want) {
		c.t.Errorf("consumers %v, want %v", got, want)
	}
}

// seqs are the numbers of the events that were finished since the last call.
func (c *chapter) seqs() (seqs []int) {
	for _, e := range c.Take() {
		seqs = append(seqs, int(e.Seq))
	}
	return seqs
}

// empty waits until nothing is in the system, and returns how long that took from
// now on.
func (c *chapter) empty() time.Duration {
	began := time.Now()
	for n := c.InSystem(); n > 0; n = c.InSystem() {
		step := time.Millisecond
		if n > 50 { // no test is over within 100 ms then
			step *= 100
		}
		time.Sleep(step)
		synctest.Wait()
	}
	return time.Since(began).Round(time.Millisecond)
}

// shares are what each has done, the largest first: who of equals begins is chance.
func shares(v part2.View) (done []int) {
	for _, c := range v.Consumers {
		done = append(done, int(c.Done))
	}
	slices.SortFunc(done, func(a, b int) int { return b - a })
	return done
}

const half = 500 * time.Millisecond

// The answers of the workshop's exercises, exactly: 1,000 events at once, 500 ms each.
func TestTheWorkshopsExercisesGiveTheirAnswersInVirtualTime(t *testing.T) {
	for name, c := range map[string]struct {
		events  int
		begin   func(*part2.Settings)
		after   time.Duration // when then is applied
		then    func(*part2.Settings)
		took    time.Duration
		mean    time.Duration
		longest time.Duration
		shares  []int
	}{
		"one consumer":                                     {1000, nil, 0, nil, 500 * time.Second, 250250 * time.Millisecond, 500 * time.Second, []int{1000}},
		"two from the start":                               {1000, consumers(2), 0, nil, 250 * time.Second, 125250 * time.Millisecond, 250 * time.Second, []int{500, 500}},
		"three from the start":                             {1000, consumers(3), 0, nil, 167 * time.Second, 83583500 * time.Microsecond, 167 * time.Second, []int{334, 333, 333}},
		"five from the start":                              {1000, consumers(5), 0, nil, 100 * time.Second, 50250 * time.Millisecond, 100 * time.Second, []int{200, 200, 200, 200, 200}},
		"ten from the start":                               {1000, consumers(10), 0, nil, 50 * time.Second, 25250 * time.Millisecond, 50 * time.Second, nil},
		"two more come to a backlog that was dealt out":    {1000, nil, 50 * time.Second, consumers(3), 500 * time.Second, 250250 * time.Millisecond, 500 * time.Second, []int{1000, 0, 0}},
		"two more come and demand is one at a time":        {1000, demand(1), 50 * time.Second, consumers(3), 200 * time.Second, 115250 * time.Millisecond, 200 * time.Second, nil},
		"two more come and the hand-out is lazy":           {1000, lazy, 50 * time.Second, consumers(3), 200 * time.Second, 115250 * time.Millisecond, 200 * time.Second, nil},
		"two more come to 3,000 of which 2,000 still wait": {3000, nil, 50 * time.Second, consumers(3), 550 * time.Second, 0, 550 * time.Second, []int{1000, 1000, 1000}},
		"a supervisor of 1":                                {1000, supervisor(1), 0, nil, 500 * time.Second, 250250 * time.Millisecond, 500 * time.Second, []int{1000}},
		"a supervisor of 3":                                {1000, supervisor(3), 0, nil, 167 * time.Second, 83583500 * time.Microsecond, 167 * time.Second, []int{1000}},
		"a supervisor of 10":                               {1000, supervisor(10), 0, nil, 50 * time.Second, 25250 * time.Millisecond, 50 * time.Second, []int{1000}},
		"a supervisor of 15":                               {1000, supervisor(15), 0, nil, 33500 * time.Millisecond, 16917500 * time.Microsecond, 33500 * time.Millisecond, []int{1000}},
		"a supervisor of 50":                               {1000, supervisor(50), 0, nil, 10 * time.Second, 5250 * time.Millisecond, 10 * time.Second, []int{1000}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := open(t, c.begin, half)
				synctest.Wait()
				if n := ch.enqueue(c.events); n != c.events {
					t.Fatalf("%d were accepted", n)
				}
				began := time.Now()
				if c.then != nil {
					time.Sleep(c.after)
					synctest.Wait()
					ch.change(c.then)
				}
				ch.empty()
				if took := time.Since(began).Round(10 * time.Millisecond); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				v := ch.law()
				if mean := float64(c.mean) / float64(time.Millisecond); mean > 0 && v.LatencyMS.Mean != mean {
					t.Errorf("mean latency %v ms, want %v", v.LatencyMS.Mean, mean)
				}
				if c.longest > 0 && v.LatencyMS.Max != float64(c.longest/time.Millisecond) {
					t.Errorf("longest %v ms, want %v", v.LatencyMS.Max, c.longest)
				}
				if got := shares(v); c.shares != nil && !slices.Equal(got, c.shares) {
					t.Errorf("shares %v, want %v", got, c.shares)
				}
			})
		})
	}
}

func consumers(n int) func(*part2.Settings) { return func(s *part2.Settings) { s.Consumers = n } }
func demand(n int) func(*part2.Settings)    { return func(s *part2.Settings) { s.MaxDemand = n } }
func lazy(s *part2.Settings)                { s.Handout = part2.Lazy }
func supervisor(k int) func(*part2.Settings) {
	return func(s *part2.Settings) { s.Kind, s.Concurrency = part2.Supervisor, k }
}
