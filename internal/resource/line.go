package resource

// line is a list of places in order of arrival, with removal from anywhere in
// constant time: one that leaves from the midst of ten million costs no search.
type line struct {
	first, last *Place
	n           int
}

func (l *line) push(p *Place) {
	p.prev = l.last
	if l.last == nil {
		l.first = p
	} else {
		l.last.next = p
	}
	l.last = p
	l.n++
}

func (l *line) remove(p *Place) {
	if p.prev == nil {
		l.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		l.last = p.prev
	} else {
		p.next.prev = p.prev
	}
	p.next, p.prev = nil, nil
	l.n--
}
