package part1_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/internal/part1"
	"github.com/affluxlab/afflux/internal/resource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chapter is a part on a resource, both served until the test ends.
type chapter struct {
	*part1.Part
	mock     *resource.Mock
	stopMock func()
	stopPart func()
}

func open(t testing.TB, change func(*resource.Settings)) *chapter {
	s := resource.Defaults()
	if change != nil {
		change(&s)
	}
	mock, err := resource.New(s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := part1.New(mock, part1.Settings{Status: 500}, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c := &chapter{Part: p, mock: mock}
	c.stopMock, c.stopPart = serve(t, mock.Serve), serve(t, p.Serve)
	return c
}

func serve(t testing.TB, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// get calls an endpoint the way the server would.
func (c *chapter) get(path string) *httptest.ResponseRecorder {
	return c.do(httptest.NewRequest("GET", path, nil))
}

func (c *chapter) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	for _, route := range c.Routes() {
		if route.Path == r.URL.Path {
			route.Handler(w, r)
		}
	}
	return w
}

func (c *chapter) counts(t *testing.T, want resource.Counts) {
	t.Helper()
	if got := c.mock.Snapshot().All; got != want {
		t.Errorf("counts\n got %+v\nwant %+v", got, want)
	}
}

func TestSerialAnswersWhenTheWorkIsDoneAndAsyncBefore(t *testing.T) {
	for path, took := range map[string]time.Duration{
		"/part1/serial": 500 * time.Millisecond, "/part1/sync": 500 * time.Millisecond, "/part1/async": 0,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, nil)
			synctest.Wait()
			began := time.Now()
			w := c.get(path)
			if w.Code != 200 || w.Body.String() != "OK" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
				t.Errorf("%s: %d %q %v", path, w.Code, w.Body, w.Header())
			}
			if d := time.Since(began); d != took {
				t.Errorf("%s took %v", path, d)
			}
			time.Sleep(time.Second)
			c.counts(t, resource.Counts{Peak: 1, Started: 1, Finished: 1})
		})
	}
}

func TestAFullResourceAnswersTheStatusOfTheSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, func(s *resource.Settings) { s.Limit = 1 })
		synctest.Wait()
		c.get("/part1/async")
		for _, path := range []string{"/part1/serial", "/part1/async"} {
			if w := c.get(path); w.Code != 500 || w.Body.String() != "the mock resource is full: limit 1" {
				t.Errorf("%s: %d %q", path, w.Code, w.Body)
			}
		}
		if err := c.Apply(part1.Settings{Status: 429}); err != nil {
			t.Fatal(err)
		}
		if w := c.get("/part1/serial"); w.Code != 429 {
			t.Error(w.Code)
		}
		if err := c.Apply(part1.Settings{Status: 200}); err == nil {
			t.Error("200 is no refusal")
		}
		time.Sleep(time.Second)
	})
}

func TestWithWaitAsyncWorkStandsInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, func(s *resource.Settings) { s.Limit, s.OnFull, s.MaxWaiting = 1, resource.Wait, 1 })
		synctest.Wait()
		for _, want := range []int{200, 200, 500} {
			if w := c.get("/part1/async"); w.Code != want {
				t.Errorf("%d, want %d", w.Code, want)
			}
		}
		c.counts(t, resource.Counts{InFlight: 1, Peak: 1, Started: 1, Waiting: 1, Rejected: 1})
		time.Sleep(time.Second)
		synctest.Wait()
		c.counts(t, resource.Counts{Peak: 1, Started: 2, Finished: 2, Rejected: 1})
	})
}

func TestARestartOfTheResourceAnswersItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil)
		synctest.Wait()
		answer := make(chan *httptest.ResponseRecorder)
		go func() { answer <- c.get("/part1/serial") }()
		c.get("/part1/async")
		synctest.Wait()
		c.stopMock()
		for _, w := range []*httptest.ResponseRecorder{<-answer, c.get("/part1/serial"), c.get("/part1/async")} {
			if w.Code != 503 || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
		}
		synctest.Wait()
		c.counts(t, resource.Counts{Peak: 2, Started: 2, Failed: 2, Rejected: 2})
	})
}

func TestAClientThatGoesEndsItsSerialUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		// A client may have closed only its half, and read on: a cancelled use is no OK.
		if w := c.do(httptest.NewRequestWithContext(ctx, "GET", "/part1/serial", nil)); w.Code != 503 {
			t.Errorf("answered %d", w.Code)
		}
		if d := time.Since(began); d != 100*time.Millisecond {
			t.Errorf("took %v", d)
		}
		c.counts(t, resource.Counts{Peak: 1, Started: 1, Failed: 1})
	})
}

func TestAPanicInAsyncWorkEndsNothingAndLeaksNoCount(t *testing.T) {
	worse := map[string]func(context.Context, *resource.Place) error{
		"before the use": func(context.Context, *resource.Place) error { panic("no") },
		"after the use":  func(ctx context.Context, p *resource.Place) error { p.Use(ctx); panic("no") },
	}
	for name, use := range worse {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, nil)
			c.DoInstead(use)
			synctest.Wait()
			if w := c.get("/part1/async"); w.Code != 200 {
				t.Error(w.Code)
			}
			if left := c.Drain(t.Context()); left != 0 {
				t.Errorf("%s: %d left", name, left)
			}
			if n := c.mock.Snapshot().All.InFlight; n != 0 {
				t.Errorf("%s: %d in flight", name, n)
			}
		})
	}
}

func TestTheEndOfServeEndsAsyncWorkAndWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil)
		synctest.Wait()
		for range 100 {
			c.get("/part1/async")
		}
		c.stopPart()
		c.counts(t, resource.Counts{Peak: 100, Started: 100, Failed: 100})
		if w := c.get("/part1/async"); w.Code != 503 {
			t.Errorf("accepted work that nobody owns: %d", w.Code)
		}
		if c.Open() != 0 {
			t.Errorf("%d open", c.Open())
		}
	})
}

func TestDrainWaitsForSerialAndAsyncWorkAndCountsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil)
		synctest.Wait()
		go c.get("/part1/serial")
		c.get("/part1/async")
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if left := c.Drain(short); left != 2 {
			t.Errorf("%d left", left)
		}
		for _, path := range []string{"/part1/serial", "/part1/async"} {
			if w := c.get(path); w.Code != 503 {
				t.Errorf("%s was taken during a drain: %d", path, w.Code)
			}
		}
		began := time.Now()
		if left := c.Drain(t.Context()); left != 0 || time.Since(began) != 400*time.Millisecond {
			t.Errorf("%d left after %v", left, time.Since(began))
		}
	})
}
