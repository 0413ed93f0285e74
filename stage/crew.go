package stage

import (
	"sync"
	"sync/atomic"
)

// crew are the workers of a consumer.
type crew[T any] struct {
	surplus atomic.Bool // there are more than wanted; readable without the lock

	mu      sync.Mutex // guards what follows
	target  int
	workers map[*worker[T]]struct{}
	going   int // of these, workers that are about to end
}

func (c *crew[T]) wanted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.target
}

func (c *crew[T]) live() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.workers)
}

func (c *crew[T]) missing() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, c.target-c.staying())
}

func (c *crew[T]) staying() int { return len(c.workers) - c.going }

func (c *crew[T]) join(w *worker[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.workers == nil {
		c.workers = make(map[*worker[T]]struct{})
	}
	c.workers[w] = struct{}{}
	c.surplus.Store(c.staying() > c.target)
}

// spare says whether w is to end because there are more workers than wanted.
// Whoever asks first goes: those that were idle, since they are woken to ask, and
// then those that have finished something.
func (c *crew[T]) spare(w *worker[T]) bool {
	if !c.surplus.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.staying() <= c.target {
		return false
	}
	w.going = true
	c.going++
	c.surplus.Store(c.staying() > c.target)
	return true
}

// leave is the last thing that a worker does.
func (c *crew[T]) leave(w *worker[T], changed chan<- struct{}) {
	c.mu.Lock()
	delete(c.workers, w)
	if w.going {
		c.going--
	}
	c.surplus.Store(c.staying() > c.target)
	c.mu.Unlock()
	poke(changed)
}

// resize sets how many workers are wanted.
func (c *crew[T]) resize(target int) {
	c.mu.Lock()
	c.target = target
	c.surplus.Store(c.staying() > c.target)
	c.mu.Unlock()
	c.wakeAll()
}

// wakeAll lets every worker that waits look again.
func (c *crew[T]) wakeAll() {
	c.mu.Lock()
	wakes := make([]chan struct{}, 0, len(c.workers))
	for w := range c.workers {
		wakes = append(wakes, w.wake)
	}
	c.mu.Unlock()
	for _, wake := range wakes {
		poke(wake)
	}
}
