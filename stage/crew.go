package stage

import "sync"

// crew are the workers of a consumer.
type crew[T any] struct {
	mu      sync.Mutex // guards what follows
	target  int
	workers map[*worker[T]]struct{}
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
	return max(0, c.target-len(c.workers))
}

func (c *crew[T]) join(w *worker[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.workers == nil {
		c.workers = make(map[*worker[T]]struct{})
	}
	c.workers[w] = struct{}{}
}

// leave is the last thing that a worker does.
func (c *crew[T]) leave(w *worker[T], changed chan<- struct{}) {
	c.mu.Lock()
	delete(c.workers, w)
	c.mu.Unlock()
	poke(changed)
}

// resize sets the target and marks workers as spare, or no longer so.
func (c *crew[T]) resize(target int) {
	c.mu.Lock()
	c.target = target
	spare := len(c.workers) - target
	for w := range c.workers {
		w.spare.Store(spare > 0)
		spare--
	}
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
