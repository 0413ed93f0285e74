package stage

// waiter is one goroutine that may park until there is something for it. Its
// channel has room for one token, so that a call that comes before the parking
// is not lost; a token too many costs a look in vain.
type waiter struct {
	member[waiter]
	wake   chan struct{}
	list   *waitList // where it is listed, or was called from
	called bool      // taken off the list by a call, and not back since
}

// waitList holds the idle workers that compete for the same events, first come
// first served. One is called at a time, and calls the next if there is more:
// so nobody is woken in vain, and no crowd is.
type waitList struct {
	fifo[waiter]
	called int
}

func (l *waitList) push(w *waiter) {
	w.list = l
	l.fifo.push(&w.member, w)
}

// call takes the first off the list, unless one was called and is on its way.
func (l *waitList) call(to *wakes) {
	if l.called > 0 || l.first == nil {
		return
	}
	l.callFirst(to)
}

func (l *waitList) callFirst(to *wakes) {
	w := l.first.of
	l.remove(&w.member)
	w.called = true
	l.called++
	to.add(w.wake)
}

func (l *waitList) callAll(to *wakes) {
	for l.first != nil {
		l.callFirst(to)
	}
}

// back is said by a waiter that is awake, for whatever reason.
func (w *waiter) back() {
	if w.listed {
		w.list.remove(&w.member)
	}
	if w.called {
		w.list.called--
		w.called = false
	}
}

// wakes gathers the channels to be signalled once the lock is released: nobody
// sends while holding it.
type wakes struct {
	n     int
	first [3]chan<- struct{}
	more  []chan<- struct{} // seldom: an end, or many pushers let in at once
}

func (w *wakes) add(c chan<- struct{}) {
	if w.n < len(w.first) {
		w.first[w.n] = c
		w.n++
		return
	}
	w.more = append(w.more, c)
}

// wakesNone is the empty one; assigning it costs less than a literal.
var wakesNone wakes

func (w *wakes) send() {
	for _, c := range w.first[:w.n] {
		poke(c)
	}
	for _, c := range w.more {
		poke(c)
	}
}

// poke leaves a token unless there is one already.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
