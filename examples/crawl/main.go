// Command crawl follows the links of a site and says which of them are broken.
//
//	pages → fetch → links, back into pages
//	          └→ broken
//
// Each page is fetched once, in a task of its own: at most -tasks at a time, and at
// most -rate a second after a burst of -burst. A page that answers 503 or 429, or does
// not answer in time, is tried again later, and later each time; one that still does
// not after -attempts of them is broken, as one that answers 404 is at once. Ctrl-C
// ends it in order: no new links, and what waits is fetched as far as -grace allows.
//
// Run it from the root of the repository. Without a URL it crawls a small site of its
// own, with some broken links:
//
//	go run ./examples/crawl
//	go run ./examples/crawl -rate 5 -burst 1 http://localhost:8080/
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var cfg config
	flag.IntVar(&cfg.pages, "pages", 10_000, "pages to fetch at most")
	flag.IntVar(&cfg.tasks, "tasks", 8, "pages fetched at a time")
	flag.Float64Var(&cfg.rate, "rate", 20, "pages fetched in a second")
	flag.IntVar(&cfg.burst, "burst", 5, "pages fetched at once at the beginning")
	flag.IntVar(&cfg.attempts, "attempts", 5, "times that a page is tried that is busy")
	flag.DurationVar(&cfg.timeout, "timeout", 2*time.Second, "time to wait for a page")
	flag.DurationVar(&cfg.grace, "grace", 2*time.Second, "time to finish after a signal")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	if err := run(ctx, cfg, flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, cfg config, start string) error {
	if start == "" {
		url, end, err := serveExample()
		if err != nil {
			return err
		}
		defer end()
		start = url
	}
	begin := time.Now()
	c, err := newCrawler(cfg, overHTTP(http.DefaultClient))
	if err != nil {
		return err
	}
	err = c.crawl(ctx, start)
	for _, b := range c.broken {
		fmt.Printf("%s, linked from %s: %v\n", b.Event.url, b.Event.from, b.Err)
	}
	pages := c.pipeline.Snapshot().Outlet("pages")
	log.Printf("%d pages fetched, %d broken, %d tries again, %d left, in %v",
		pages.Done, pages.Failed, pages.Retried, pages.InSystem(), time.Since(begin).Round(time.Millisecond))
	return err
}

// serveExample serves the example site on a free port until it is told to end.
func serveExample() (start string, end func(), err error) {
	ln, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: newSite(60), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	return "http://" + ln.Addr().String() + "/1", func() {
		_ = server.Close()
		<-ended
	}, nil
}
