package stage

// delayed holds the events that are to be tried again, by when they are due.
// They hold no worker and no demand; they do count against the buffer's bound.
type delayed[T any] []retry[T]

type retry[T any] struct {
	due  int64 // ns since the pipeline was made
	what span[T]
}

func (d *delayed[T]) push(due int64, what span[T]) {
	*d = append(*d, retry[T]{due, what})
	siftUp(*d, len(*d)-1, dueBefore[T])
}

// pop removes the first that is due, if one is.
func (d *delayed[T]) pop(now int64) (span[T], bool) {
	if len(*d) == 0 || (*d)[0].due > now {
		return span[T]{}, false
	}
	return popHeap((*[]retry[T])(d), dueBefore[T]).what, true
}

func dueBefore[T any](a, b retry[T]) bool {
	return a.due < b.due || a.due == b.due && a.what.seq() < b.what.seq()
}
