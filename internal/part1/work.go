package part1

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/pprof"

	"github.com/affluxlab/afflux/internal/resource"
)

var (
	// errNotRunning answers async work while nobody would own it.
	errNotRunning = errors.New("part 1 is restarting")
	// errStopping answers work that comes after Drain has begun.
	errStopping = errors.New("part 1 is stopping")
)

// Serve owns the async work until ctx ends: then it cancels what is under way
// and returns when the last of it has. Let Drain come first where work is to be
// finished.
func (p *Part) Serve(ctx context.Context) error {
	l := &life{part: p, ctx: ctx}
	if err := p.begin(l); err != nil {
		return err
	}
	<-ctx.Done()
	p.mu.Lock()
	p.life = nil // before the wait: nothing is added to a life that is over
	p.mu.Unlock()
	l.work.Wait()
	return context.Cause(ctx)
}

func (p *Part) begin(l *life) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life != nil {
		return errors.New("part1: served twice at the same time")
	}
	p.life = l
	return nil
}

// Drain refuses new work from now on, waits until none is open, or ctx ends, and
// returns how much was left.
func (p *Part) Drain(ctx context.Context) (left int) {
	p.mu.Lock()
	p.shut = true
	if p.open == 0 {
		p.mu.Unlock()
		return 0
	}
	if p.empty == nil {
		p.empty = make(chan struct{})
	}
	empty := p.empty
	p.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
	return p.Open()
}

// Open returns how many pieces of work are not finished.
func (p *Part) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

// closed counts work out and returns its number.
func (p *Part) closed() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.open--
	if p.open == 0 && p.empty != nil {
		close(p.empty)
		p.empty = nil
	}
	return p.done
}

// job is async work with its place: all that its goroutine holds.
type job struct {
	life  *life
	place resource.Place
	request
}

// accept takes a place at the resource, or in line for it, for work that is done
// after the answer.
func (p *Part) accept(ctx context.Context, req request) (*job, error) {
	j := &job{request: req}
	if err := p.async.caller.EnterAt(ctx, &j.place); err != nil {
		return nil, err
	}
	if j.life = p.join(); j.life == nil {
		j.place.Leave()
		return nil, errNotRunning
	}
	return j, nil
}

// join adds one to the present life, if there is one.
func (p *Part) join() *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life != nil {
		p.life.work.Add(1)
	}
	return p.life
}

// run does the work. Frames are kept few and small: a million of them may be
// alive, and a stack that has to grow doubles.
func (j *job) run() {
	defer j.finish()
	pprof.SetGoroutineLabels(asyncLabels)
	if instead := j.life.part.instead; instead != nil {
		_ = instead(j.life.ctx, &j.place)
		return
	}
	_ = j.place.Use(j.life.ctx) // the place knows how it ended; there is nobody left to tell
}

// finish ends the work on every path. It recovers, since a panic in a goroutine
// without a supervisor of its own would end the process.
func (j *job) finish() {
	p := j.life.part
	if v := recover(); v != nil {
		p.log.Error("async work panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	}
	j.place.Leave()
	outcome := OK
	if !j.place.Done() {
		outcome = undone(j.place.Times())
	}
	p.over(p.async, &j.request, j.place.Times(), outcome)
	j.life.work.Done()
}
