package stage

// inbox holds what was dealt out to one subscription and no worker has begun.
type inbox[T any] struct {
	entries []entry[T]
	head    int
	count   int // events
}

// entry is a span with the time at which it came into the inbox.
type entry[T any] struct {
	span[T]
	at int64
}

func (q *inbox[T]) push(s span[T], at int64) {
	q.count += s.len()
	if last := len(q.entries) - 1; last >= q.head {
		e := &q.entries[last]
		if e.of == s.of && e.to == s.from && e.at == at {
			e.to = s.to
			return
		}
	}
	if q.head > 32 && q.head > len(q.entries)/2 {
		n := copy(q.entries, q.entries[q.head:])
		clear(q.entries[n:])
		q.entries, q.head = q.entries[:n], 0
	}
	q.entries = append(q.entries, entry[T]{s, at})
}

// since is when what comes first came in.
func (q *inbox[T]) since() int64 { return q.entries[q.head].at }

// pop removes at most n events that came together.
func (q *inbox[T]) pop(n int) entry[T] {
	first := &q.entries[q.head]
	e := entry[T]{first.cut(n), first.at}
	q.count -= e.len()
	if first.len() == 0 {
		*first = entry[T]{}
		q.head++
		if q.head == len(q.entries) {
			q.entries, q.head = q.entries[:0], 0
		}
	}
	return e
}
