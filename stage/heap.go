package stage

// spanHeap orders spans by their first sequence number.
type spanHeap[T any] []span[T]

func (h *spanHeap[T]) push(s span[T]) {
	*h = append(*h, s)
	siftUp(*h, len(*h)-1, spanBefore[T])
}

func (h *spanHeap[T]) pop() span[T] {
	return popHeap((*[]span[T])(h), spanBefore[T])
}

// cut takes at most n events off the first span.
func (h *spanHeap[T]) cut(n int) span[T] {
	s := (*h)[0].cut(n)
	if (*h)[0].len() == 0 {
		h.pop()
	}
	return s
}

func spanBefore[T any](a, b span[T]) bool { return a.seq() < b.seq() }

// siftUp and popHeap are container/heap's algorithm without its boxing.
func siftUp[E any](h []E, i int, before func(a, b E) bool) {
	for i > 0 {
		parent := (i - 1) / 2
		if !before(h[i], h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func siftDown[E any](h []E, i int, before func(a, b E) bool) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(h) && before(h[child], h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

func popHeap[E any](h *[]E, before func(a, b E) bool) E {
	old := *h
	first, last := old[0], len(old)-1
	old[0] = old[last]
	clear(old[last:])
	*h = old[:last]
	siftDown(*h, 0, before)
	return first
}
