package stage

import (
	"context"
	"fmt"
	"slices"
)

// watcher waits for the final outcome of the event numbered seq, or, for a Flush,
// of all that were numbered before it. It costs the hot path one look at an empty
// map when nobody waits.
type watcher struct {
	seq  uint64
	left int // for a Flush: events that have no outcome yet
	err  error
	done chan struct{}
}

func (h *hub[T]) watched() bool { return len(h.awaited) > 0 || len(h.flushes) > 0 }

// watchRange tells the watchers that the events from … to-1 were settled.
func (h *hub[T]) watchRange(from, to uint64, err error) {
	if len(h.awaited) > 0 {
		for seq := from; seq < to; seq++ {
			if w := h.awaited[seq]; w != nil {
				w.err = err
				delete(h.awaited, seq)
				h.wakes.add(w.done)
			}
		}
	}
	if len(h.flushes) == 0 {
		return
	}
	h.flushes = slices.DeleteFunc(h.flushes, func(w *watcher) bool {
		if from < w.seq {
			w.left -= int(min(to, w.seq) - from)
		}
		if w.left <= 0 {
			h.wakes.add(w.done)
		}
		return w.left <= 0
	})
}

// watchSpan tells the watchers that all in s went well.
func (h *hub[T]) watchSpan(s span[T]) {
	if s.of.seqs == nil {
		h.watchRange(s.seq(), s.seq()+uint64(s.len()), nil)
		return
	}
	for i := range s.len() {
		h.watchRange(s.seqAt(i), s.seqAt(i)+1, nil)
	}
}

// watchNext makes w wait for the event that is accepted next.
func (h *hub[T]) watchNext(w *watcher) {
	if w == nil {
		return
	}
	if h.awaited == nil {
		h.awaited = make(map[uint64]*watcher)
	}
	w.seq = h.buffer.next
	h.awaited[w.seq] = w
}

func (h *hub[T]) watchDrop(seq uint64) {
	if h.watched() {
		h.watchRange(seq, seq+1, ErrDropped)
	}
}

// unwatch forgets a watcher that gives up.
func (h *hub[T]) unwatch(w *watcher) {
	if h.awaited[w.seq] == w {
		delete(h.awaited, w.seq)
	}
	h.flushes = slices.DeleteFunc(h.flushes, func(other *watcher) bool { return other == w })
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
	w := &watcher{seq: h.buffer.next, left: n, done: make(chan struct{}, 1)}
	h.flushes = append(h.flushes, w)
	h.mu.Unlock()
	_, err := h.await(ctx, w)
	return err
}
