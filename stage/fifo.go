package stage

// fifo is first come, first served, but its members may leave from anywhere.
type fifo[E any] struct {
	first, last *member[E]
	count       int
}

// member is embedded in what stands in line.
type member[E any] struct {
	of         *E
	listed     bool
	prev, next *member[E]
}

func (l *fifo[E]) push(m *member[E], of *E) {
	m.of, m.listed, m.prev, m.next = of, true, l.last, nil
	if l.last == nil {
		l.first = m
	} else {
		l.last.next = m
	}
	l.last = m
	l.count++
}

// pushFirst puts somebody at the head of the line.
func (l *fifo[E]) pushFirst(m *member[E], of *E) {
	m.of, m.listed, m.prev, m.next = of, true, nil, l.first
	if l.first == nil {
		l.last = m
	} else {
		l.first.prev = m
	}
	l.first = m
	l.count++
}

func (l *fifo[E]) remove(m *member[E]) {
	if m.prev == nil {
		l.first = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next == nil {
		l.last = m.prev
	} else {
		m.next.prev = m.prev
	}
	m.listed, m.prev, m.next = false, nil, nil
	l.count--
}
