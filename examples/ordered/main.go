// Command ordered keeps accounts. Several goroutines push deposits and withdrawals,
// many workers book them, each a while, and yet those of one account are booked one
// after the other and in order: else one would be overdrawn, as each withdrawal takes
// what the deposit before it has brought. There is no lock around an account.
//
// How many workers there are is decided ten times a second, from what the pipeline
// tells of itself: more, while events wait longer than -target for a worker; fewer,
// when some have nothing to do. The pushers go through quiet and busy times, so that
// there is something to decide. A line a second says how it goes.
//
// Run it from the root of the repository:
//
//	go run ./examples/ordered
//	go run ./examples/ordered -most 4 -target 5ms
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/affluxlab/afflux/stage"
)

func main() {
	var cfg config
	flag.IntVar(&cfg.accounts, "accounts", 100, "accounts")
	flag.IntVar(&cfg.events, "events", 200, "deposits and withdrawals of each account")
	flag.IntVar(&cfg.pushers, "pushers", 4, "goroutines that push them")
	flag.IntVar(&cfg.buffer, "buffer", 2000, "events that may wait")
	flag.DurationVar(&cfg.takes, "takes", 5*time.Millisecond, "time that a booking takes")
	flag.DurationVar(&cfg.pause, "pause", 8*time.Millisecond, "time between two events of a pusher, when it is quiet")
	flag.DurationVar(&cfg.phase, "phase", 3*time.Second, "length of a quiet or a busy time")
	flag.IntVar(&cfg.scaler.most, "most", 32, "workers at most")
	flag.DurationVar(&cfg.scaler.target, "target", 20*time.Millisecond, "time that 99 of 100 events may wait")
	flag.DurationVar(&cfg.grace, "grace", 5*time.Second, "time to finish after a signal")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, cfg); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, cfg config) error {
	b, err := newBank(cfg)
	if err != nil {
		return err
	}
	over := make(chan error, 1)
	go func() { over <- b.run(ctx) }()
	var seen window
	for second := time.Tick(time.Second); ; {
		select {
		case <-second:
			report(b.pipeline.Snapshot(), &seen)
		case err := <-over:
			report(b.pipeline.Snapshot(), &seen)
			log.Printf("%d cents in %d accounts", b.total(), cfg.accounts)
			return err
		}
	}
}

func report(s stage.Snapshot, seen *window) {
	events, book := s.Outlet("events"), s.Stage("book")
	waits := seen.since(events.BufferWait)
	log.Printf("%2d workers, %4d wait (%4d for their account), half of them up to %v, 99 of 100 up to %v; %d booked",
		book.Target, events.Buffer, events.Blocked,
		waits.Quantile(0.5).Round(10*time.Microsecond), waits.Quantile(0.99).Round(10*time.Microsecond), events.Done)
}
