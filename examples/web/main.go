// Command web is a small service that answers now and works later. A request puts
// a job into a bounded queue and is answered 202; workers do the jobs, some at a
// time; who comes while the queue is full is answered 503 with Retry-After.
// Ctrl-C or SIGTERM stops it in order: no more requests, then what was accepted,
// for as long as -grace allows; what could not be done by then is reported.
//
// Run it from the root of the repository:
//
//	go run ./examples/web -workers 3 -buffer 100 -latency 500ms
//
// and in a second terminal
//
//	curl -i -d name=report localhost:8080/jobs
//	curl -s localhost:8080/snapshot
//	ab -l -n 500 -c 50 -m POST http://127.0.0.1:8080/jobs
//
// Of those 500 about a hundred are accepted, and ab counts the others as Non-2xx:
// three workers do six jobs a second, and a hundred may wait. Stop it at once and
// it tells how many it had to leave behind.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var cfg config
	addr := flag.String("addr", "localhost:8080", "`address` to listen on")
	flag.IntVar(&cfg.workers, "workers", 3, "jobs done at a time")
	flag.IntVar(&cfg.buffer, "buffer", 100, "jobs that may wait")
	flag.DurationVar(&cfg.grace, "grace", 10*time.Second, "time to finish after a signal")
	latency := flag.Duration("latency", 500*time.Millisecond, "time that a job takes")
	flag.Parse()

	if err := run(cfg, *addr, slow(*latency)); err != nil {
		log.Fatal(err)
	}
}

func run(cfg config, addr string, do work) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	s, err := newService(cfg, do)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	log.Printf("listening on http://%s", ln.Addr())
	return s.serve(ctx, ln)
}

// slow stands for what a job uses: a database, a printer, another service.
func slow(latency time.Duration) work {
	return func(ctx context.Context, j job) error {
		select {
		case <-time.After(latency):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx) // the job returns to the queue
		}
	}
}
