package lab

import (
	"context"
	"errors"
	"log/slog"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

// LeftError tells how much work was not finished when the lab stopped.
type LeftError struct {
	Part1 int // requests whose work was not done
	Part2 int // events
}

func (e *LeftError) Error() string {
	var what []string
	if e.Part1 > 0 {
		what = append(what, plural(uint64(e.Part1), "request")+" of part 1")
	}
	if e.Part2 > 0 {
		what = append(what, plural(uint64(e.Part2), "event")+" of part 2")
	}
	return "not finished: " + strings.Join(what, " and ") + "; server.grace says how long a stop waits"
}

// Run runs the lab until ctx ends, then stops it in two steps: for as long as
// the grace of the settings work is refused but finished; then everything
// leaves. The end of hard skips what is left of the first step. The error is
// nil after a clean stop; a *[LeftError], a *[supervise.StuckError], or why the
// tree gave up. Its last words are what became of all that was answered OK.
func (l *Lab) Run(ctx, hard context.Context) error {
	defer l.sayTotals()
	serve, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	ended := make(chan error, 1)
	go pprof.Do(serve, pprof.Labels(supervise.Label, "afflux"), func(ctx context.Context) { ended <- l.tree.Serve(ctx) })
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	left := l.drain(hard)
	leave()
	return errors.Join(left, <-ended)
}

// drain is the first step: no new work, and time for the old.
func (l *Lab) drain(hard context.Context) error {
	grace := l.Settings().Server.Grace
	l.server.StopWork()
	if open, events := l.part1.Open(), l.part2.InSystem(); open+events > 0 {
		l.log.Info("stopping: finishing work", "open", open, "events", events, "grace", grace.String())
	}
	ctx, cancel := context.WithTimeout(hard, grace)
	defer cancel()
	var left LeftError
	var chapters sync.WaitGroup
	chapters.Go(func() { left.Part1 = l.part1.Drain(ctx) })
	chapters.Go(func() { left.Part2 = l.part2.Drain(ctx) })
	chapters.Wait()
	if left != (LeftError{}) {
		return &left
	}
	l.log.Info("stopping: all work is finished")
	// The requests of the last work are answered by handlers that are still
	// writing; the server's own farewell covers those.
	return nil
}

// sayTotals says what became of what was accepted since the start, when nothing of
// it changes any more.
func (l *Lab) sayTotals() {
	var ok, done uint64
	for _, e := range l.part1.Snapshot().Endpoints {
		ok += e.Total.OK
	}
	for _, d := range l.part1.Durations() {
		done += d.Works.Count
	}
	queue := l.part2.Snapshot()
	l.log.Info("stopped",
		slog.Group("part1", "ok", ok, "done", done),
		slog.Group("part2", "enqueued", queue.Total.Enqueued, "done", queue.Total.Done, "failed", queue.Total.Failed,
			"dropped", queue.Total.Dropped, "left", queue.InSystem()))
}

// WaitReady returns when the lab takes work, or with ctx's cause.
func (l *Lab) WaitReady(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for l.ready() != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
