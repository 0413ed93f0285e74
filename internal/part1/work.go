package part1

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

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
	l := &life{ctx: ctx}
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

// opened counts work in, before it asks for a place, so that Drain misses none;
// false if it has begun.
func (p *Part) opened() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.shut {
		p.open++
	}
	return !p.shut
}

func (p *Part) closed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open--
	if p.open == 0 && p.empty != nil {
		close(p.empty)
		p.empty = nil
	}
}

// doLater takes a place at the resource and uses it in a goroutine of its own.
func (p *Part) doLater(ctx context.Context) error {
	if !p.opened() {
		return errStopping
	}
	place, err := p.async.Enter(ctx)
	if err != nil {
		p.closed()
		return err
	}
	l := p.join()
	if l == nil {
		place.Leave()
		p.closed()
		return errNotRunning
	}
	go p.work(l, place)
	return nil
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

// work is the goroutine of one piece of async work. Frames are kept few and
// small: a million of them may be alive, and a stack that has to grow doubles.
func (p *Part) work(l *life, place *resource.Place) {
	defer p.finish(l, place)
	if p.instead != nil {
		_ = p.instead(l.ctx, place)
		return
	}
	_ = place.Use(l.ctx) // a failure is counted by the resource; there is nobody left to tell
}

// finish ends a piece of async work on every path. It recovers, since a panic
// in a goroutine without a supervisor of its own would end the process.
func (p *Part) finish(l *life, place *resource.Place) {
	if v := recover(); v != nil {
		p.log.Error("async work panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	}
	place.Leave()
	p.closed()
	l.work.Done()
}
