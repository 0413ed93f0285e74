package stage

import "testing"

// called says which of the waiters have a token.
func tokens(ws []*waiter) (n int, which []int) {
	for i, w := range ws {
		select {
		case <-w.wake:
			n++
			which = append(which, i)
		default:
		}
	}
	return n, which
}

func waiters(l *waitList, n int) []*waiter {
	ws := make([]*waiter, n)
	for i := range ws {
		ws[i] = &waiter{wake: make(chan struct{}, 1)}
		l.push(ws[i])
	}
	return ws
}

func call(l *waitList) {
	var w wakes
	l.call(&w)
	w.send()
}

func TestWaitersAreCalledInTheirOrderAndOneAtATime(t *testing.T) {
	var l waitList
	ws := waiters(&l, 3)
	for i := range ws {
		call(&l)
		call(&l) // the one that was called is on its way
		if n, which := tokens(ws); n != 1 || which[0] != i {
			t.Fatalf("called are %v, want %d", which, i)
		}
		ws[i].back()
	}
	if l.first != nil || l.last != nil || l.count != 0 || l.called != 0 {
		t.Errorf("left: %+v", l)
	}
	call(&l)
}

func TestAWaiterThatComesBackUncalledIsTakenOffTheList(t *testing.T) {
	var l waitList
	ws := waiters(&l, 4)
	for _, i := range []int{1, 3, 0} {
		ws[i].back()
		ws[i].back() // twice is once
	}
	if l.first.of != ws[2] || l.last.of != ws[2] || l.count != 1 {
		t.Fatalf("left: %+v", l)
	}
	l.push(ws[0])
	call(&l)
	if _, which := tokens(ws); len(which) != 1 || which[0] != 2 {
		t.Errorf("called are %v, want 2, who waited longest", which)
	}
}

func TestAllMayBeCalledAtOnce(t *testing.T) {
	var (
		l waitList
		w wakes
	)
	ws := waiters(&l, 10)
	l.callAll(&w)
	w.send()
	if n, _ := tokens(ws); n != 10 || l.count != 0 || l.called != 10 {
		t.Fatalf("called %d, left %+v", n, l)
	}
	for _, one := range ws {
		one.back()
	}
	if l.called != 0 {
		t.Errorf("%d are still on their way", l.called)
	}
}

func TestATokenTooManyIsNotWaitedFor(t *testing.T) {
	c := make(chan struct{}, 1)
	poke(c)
	poke(c)
	if len(c) != 1 {
		t.Errorf("%d tokens", len(c))
	}
}

func TestAWaiterThatWasCalledMayWaitElsewhere(t *testing.T) {
	var a, b waitList
	w := waiters(&a, 1)[0]
	call(&a)
	w.back()
	b.push(w)
	if a.called != 0 || b.count != 1 {
		t.Fatalf("%+v, %+v", a, b)
	}
	call(&b)
	w.back()
	if b.called != 0 || a.called != 0 {
		t.Errorf("%+v, %+v", a, b)
	}
}
