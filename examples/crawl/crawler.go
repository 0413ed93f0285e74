package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// page is a page to fetch.
type page struct {
	url  string
	from string // the first page found that links to it
}

// fetch says what a page links to.
type fetch func(ctx context.Context, url string) (links []string, err error)

// errBusy is what a fetch fails with if another try may help.
var errBusy = errors.New("busy")

type config struct {
	pages, tasks, burst, attempts int
	rate                          float64 // a second
	timeout, grace                time.Duration
}

type crawler struct {
	cfg      config
	fetch    fetch
	pipeline *stage.Pipeline
	pages    *stage.Queue[page]

	mu   sync.Mutex
	seen map[string]bool // all pages that were ever pushed

	broken []stage.Failure[page] // of one worker until the crawl is over
}

func newCrawler(cfg config, fetch fetch) (*crawler, error) {
	p := stage.New("crawl", stage.Config{Grace: cfg.grace})
	c := &crawler{cfg: cfg, fetch: fetch, pipeline: p, seen: map[string]bool{}}
	// There is room for all pages that may ever be pushed, each of them once: a task
	// that finds links never waits for the queue that it is fed from.
	c.pages = stage.NewQueue[page](p, "pages", stage.QueueConfig{Buffer: cfg.pages})
	tasks := stage.NewSpawner(p, "fetch", c.visit, stage.SpawnerConfig[page]{
		Max: cfg.tasks, Timeout: cfg.timeout, OnError: c.again,
	})
	broken := stage.NewConsumer(p, "broken", c.note, stage.ConsumerConfig[stage.Failure[page]]{})
	if err := p.Err(); err != nil {
		return nil, err
	}
	if _, err := tasks.Subscribe(c.pages, stage.Rate(cfg.rate, cfg.burst)); err != nil {
		return nil, err
	}
	_, err := broken.Subscribe(tasks.DeadLetters())
	return c, err
}

// crawl follows all links that lead on from start, and returns when there are no
// more, or ctx has ended.
func (c *crawler) crawl(ctx context.Context, start string) error {
	c.follow(page{url: start, from: "the command line"})
	var closing sync.WaitGroup
	closing.Go(func() {
		// A page is in the system until the pages that it links to are. So it is
		// empty once, when all are fetched.
		for c.pages.InSystem() > 0 && c.pages.Flush(ctx) == nil {
		}
		c.pages.Close()
	})
	defer closing.Wait()
	return c.pipeline.Run(ctx)
}

// visit is one task.
func (c *crawler) visit(ctx context.Context, pg page) error {
	links, err := c.fetch(ctx, pg.url)
	if err != nil {
		return err
	}
	for _, link := range links {
		c.follow(page{url: link, from: pg.url})
	}
	return nil
}

// follow pushes a page that was not seen before, if it is one of the first so many.
func (c *crawler) follow(pg page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[pg.url] || len(c.seen) == c.cfg.pages {
		return
	}
	if c.pages.TryPush(pg) == nil { // it is closed, or there was a signal: no new links
		c.seen[pg.url] = true
	}
}

// again is the policy for pages. Those that are busy all at once do not come back all
// at once: of 200 ms, doubled each time, a random half to the whole.
func (c *crawler) again(f stage.Failure[page]) stage.Verdict {
	worth := errors.Is(f.Err, errBusy) || errors.Is(f.Err, stage.ErrTimeout)
	if !worth || f.Attempt >= c.cfg.attempts {
		return stage.Verdict{Action: stage.DeadLetter}
	}
	most := 200 * time.Millisecond << min(f.Attempt-1, 8)
	return stage.RetryAfter(most/2 + rand.N(most/2))
}

func (c *crawler) note(_ context.Context, f stage.Failure[page]) error {
	c.broken = append(c.broken, f)
	return nil
}
