package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func settings() config {
	return config{pages: 1000, tasks: 8, rate: 20, burst: 5, attempts: 3, timeout: time.Second, grace: time.Second}
}

func crawlerOf(t *testing.T, cfg config, f fetch) *crawler {
	t.Helper()
	c, err := newCrawler(cfg, f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *crawler) brokenURLs() (urls []string) {
	for _, f := range c.broken {
		urls = append(urls, f.Event.url)
	}
	slices.Sort(urls)
	return urls
}

// serve is a server for the time of a test, and a client for it.
func serve(t *testing.T, h http.Handler) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, server.Client()
}

func TestEveryPageOfASiteIsFetchedOnce(t *testing.T) {
	const pages = 200
	s := newSite(pages)
	var mu sync.Mutex
	var arrivals []time.Time
	url, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		arrivals = append(arrivals, time.Now())
		mu.Unlock()
		s.ServeHTTP(w, r)
	}))
	cfg := settings()
	cfg.rate = 200
	c := crawlerOf(t, cfg, overHTTP(client))
	begin := time.Now()
	if err := c.crawl(t.Context(), url+"/1"); err != nil {
		t.Fatal(err)
	}

	for i := 1; i <= pages; i++ {
		want := 1
		if i == busyPage {
			want = 3
		}
		if n := s.hits[fmt.Sprintf("/%d", i)]; n != want {
			t.Errorf("page %d was fetched %d times, want %d", i, n, want)
		}
	}
	var dead []string
	for i := 20; i <= pages; i += 20 {
		dead = append(dead, fmt.Sprintf("%s/missing-%d", url, i))
	}
	slices.Sort(dead)
	if got := c.brokenURLs(); !slices.Equal(got, dead) {
		t.Errorf("broken are %v, want %v", got, dead)
	}
	o := c.pipeline.Snapshot().Outlet("pages")
	if o.Done != pages || o.Failed != uint64(len(dead)) || o.Retried != 2 || o.InSystem() != 0 {
		t.Errorf("%d done, %d failed, %d retried, %d in the system", o.Done, o.Failed, o.Retried, o.InSystem())
	}
	for n, at := range arrivals { // whenever that was, so many may have been asked for by then
		if most := float64(cfg.burst) + cfg.rate*at.Sub(begin).Seconds(); float64(n) > most {
			t.Fatalf("request %d came %v after the beginning: too early", n+1, at.Sub(begin))
		}
	}
}

// inMemory is a site of pages "0" to "n-1" that all link to each other and take a
// while. Page 7 is busy twice.
type inMemory struct {
	pages int
	takes time.Duration

	mu                  sync.Mutex
	starts              []time.Time
	busy, running, most int
}

func (s *inMemory) fetch(_ context.Context, url string) (links []string, err error) {
	s.mu.Lock()
	s.starts = append(s.starts, time.Now())
	s.running++
	s.most = max(s.most, s.running)
	if url == "7" && s.busy < 2 {
		s.busy++
		err = errBusy
	}
	s.mu.Unlock()
	time.Sleep(s.takes)
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
	for i := range s.pages {
		links = append(links, fmt.Sprint(i))
	}
	return links, err
}

// In virtual time the rate is exact: five at once, and then one each 50 ms, whatever
// comes back to be tried again.
func TestTheRateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &inMemory{pages: 200, takes: 100 * time.Millisecond}
		c := crawlerOf(t, settings(), s.fetch)
		begin := time.Now()
		if err := c.crawl(t.Context(), "0"); err != nil {
			t.Fatal(err)
		}
		if len(s.starts) != 202 {
			t.Errorf("%d fetches, want 200 and two more of page 7", len(s.starts))
		}
		for n, at := range s.starts {
			if allowed := 5 + 20*at.Sub(begin).Seconds(); float64(n) > allowed {
				t.Fatalf("fetch %d after %v: too early", n+1, at.Sub(begin))
			}
		}
		if took := time.Since(begin); took > 10200*time.Millisecond { // of which 9.85 s are (202-5)/20
			t.Errorf("it took %v: the rate is not used", took)
		}
	})
}

func TestNoMoreThanSoManyPagesAreFetchedAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &inMemory{pages: 33, takes: 900 * time.Millisecond}
		cfg := settings()
		cfg.rate = 0
		c := crawlerOf(t, cfg, s.fetch)
		begin := time.Now()
		if err := c.crawl(t.Context(), "0"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); s.most != 8 || took > 7*s.takes {
			t.Errorf("%d at a time, %v in all, want 8, and no task idle", s.most, took)
		}
	})
}

func TestAPageThatDoesNotAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crawlerOf(t, settings(), func(ctx context.Context, url string) ([]string, error) {
			if url == "slow" {
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}
			return []string{"slow", "quick"}, nil
		})
		if err := c.crawl(t.Context(), "start"); err != nil {
			t.Fatal(err)
		}
		if len(c.broken) != 1 || c.broken[0].Attempt != 3 || !errors.Is(c.broken[0].Err, stage.ErrTimeout) {
			t.Errorf("%v, want slow to time out three times", c.broken)
		}
		o := c.pipeline.Snapshot().Outlet("pages")
		if o.Done != 2 || o.Failed != 1 || o.Retried != 2 {
			t.Errorf("%d done, %d failed, %d retried", o.Done, o.Failed, o.Retried)
		}
	})
}

func TestNoMoreThanSoManyPagesAreFetched(t *testing.T) {
	s := newSite(200)
	url, client := serve(t, s)
	cfg := settings()
	cfg.pages, cfg.rate = 30, 0
	c := crawlerOf(t, cfg, overHTTP(client))
	if err := c.crawl(t.Context(), url+"/1"); err != nil {
		t.Fatal(err)
	}
	if o := c.pipeline.Snapshot().Outlet("pages"); o.Accepted != 30 || o.Rejected != 0 {
		t.Errorf("%d accepted, %d refused, want 30 and none", o.Accepted, o.Rejected)
	}
}

func TestASignalEndsItWithWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var found atomic.Int64
		c := crawlerOf(t, settings(), func(ctx context.Context, url string) ([]string, error) {
			var links []string
			for range 100 {
				links = append(links, fmt.Sprint(found.Add(1)))
			}
			time.Sleep(time.Millisecond)
			return links, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := c.crawl(ctx, "start")
		drain, ok := errors.AsType[*stage.DrainError](err)
		if !ok {
			t.Fatalf("ended with %v, want a DrainError", err)
		}
		o := c.pipeline.Snapshot().Outlet("pages")
		if left := drain.Left[0].Events(); left != o.InSystem() || o.Accepted != o.Done+uint64(left) {
			t.Errorf("%d left; %d of %d done, %d in the system", left, o.Done, o.Accepted, o.InSystem())
		}
	})
}

func TestLinksAreAbsoluteWithoutFragmentsAndOfTheSameHost(t *testing.T) {
	s := newSite(10)
	url, client := serve(t, s)
	links, err := overHTTP(client)(t.Context(), url+"/4")
	want := []string{url + "/4", url + "/3", url + "/8", url + "/9"}
	if err != nil || !slices.Equal(links, want) {
		t.Errorf("%v, %v, want %v", links, err, want)
	}
}

func TestWrongSettingsAreSaid(t *testing.T) {
	for _, change := range []func(*config){
		func(c *config) { c.tasks = -1 },
		func(c *config) { c.pages = -1 },
		func(c *config) { c.rate = -1 },
		func(c *config) { c.timeout = -1 },
	} {
		cfg := settings()
		change(&cfg)
		if _, err := newCrawler(cfg, nil); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
