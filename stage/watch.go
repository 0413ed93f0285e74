package stage

import (
	"context"
	"fmt"
)

// watcher waits until the events numbered from … to-1 have their final outcome.
// They cost the hot path one look at an empty slice when nobody waits.
type watcher struct {
	from, to uint64
	left     int
	err      error
	done     chan struct{}
}

// watchRange tells the watchers that some events were settled.
func (h *hub[T]) watchRange(from, to uint64, err error) {
	for i := 0; i < len(h.watchers); i++ {
		w := h.watchers[i]
		lo, hi := max(from, w.from), min(to, w.to)
		if lo >= hi {
			continue
		}
		w.left -= int(hi - lo)
		if err != nil {
			w.err = err
		}
		if w.left <= 0 {
			h.unwatch(w)
			h.wakes.add(w.done)
			i--
		}
	}
}

// watchNext makes w wait for the event that is accepted next.
func (h *hub[T]) watchNext(w *watcher) {
	if w != nil {
		w.from, w.to, w.left = h.buffer.next, h.buffer.next+1, 1
		h.watchers = append(h.watchers, w)
	}
}

func (h *hub[T]) watchDrop(seq uint64) { h.watchRange(seq, seq+1, ErrDropped) }

func (h *hub[T]) unwatch(w *watcher) {
	for i, other := range h.watchers {
		if other == w {
			h.watchers = append(h.watchers[:i], h.watchers[i+1:]...)
			return
		}
	}
}

// await waits until w is told, or ctx ends, whose cause it then returns.
func (h *hub[T]) await(ctx context.Context, w *watcher) (told bool, cause error) {
	select {
	case <-w.done:
		return true, nil
	case <-ctx.Done():
		h.mu.Lock()
		h.unwatch(w)
		h.mu.Unlock()
		return false, context.Cause(ctx)
	}
}

// do pushes and watches.
func (h *hub[T]) do(ctx context.Context, ev T) error {
	w := &watcher{done: make(chan struct{}, 1)}
	p := &pusher[T]{one: [1]T{ev}, watch: w}
	p.evs = p.one[:]
	if _, err := h.put(ctx, p); err != nil {
		return err
	}
	if told, err := h.await(ctx, w); !told {
		return fmt.Errorf("%w: %w", ErrPending, err)
	}
	return w.err
}

// flush waits until all that was accepted before has its final outcome.
func (h *hub[T]) flush(ctx context.Context) error {
	h.mu.Lock()
	n := h.inSystem()
	if n == 0 {
		h.mu.Unlock()
		return nil
	}
	w := &watcher{to: h.buffer.next, left: n, done: make(chan struct{}, 1)}
	h.watchers = append(h.watchers, w)
	h.mu.Unlock()
	_, err := h.await(ctx, w)
	return err
}
