package stage

import "slices"

// seat is where one goroutine waits for one of the subscriptions of its stage.
type seat[T any] struct {
	sub *sub[T]
	waiter
}

// seats are all places where a worker, or a spawner's starter, looks for events.
type seats[T any] struct {
	all   []*seat[T]
	known *[]*sub[T] // the subscriptions that they are for
	turn  int        // the seat to look at first
}

// arrange brings the seats in line with subs. It leaves those of subscriptions
// that are gone; the new ones are woken by wake.
func (s *seats[T]) arrange(subs *[]*sub[T], wake chan struct{}, leave func(*seat[T])) {
	if subs == s.known {
		return
	}
	var all []*seat[T]
	for _, at := range s.all {
		if slices.Contains(*subs, at.sub) {
			all = append(all, at)
		} else {
			leave(at)
		}
	}
	for _, of := range *subs {
		if !slices.ContainsFunc(all, func(at *seat[T]) bool { return at.sub == of }) {
			all = append(all, &seat[T]{sub: of, waiter: waiter{wake: wake}})
		}
	}
	s.all, s.known, s.turn = all, subs, 0
}

// at is the i-th seat to look at.
func (s *seats[T]) at(i int) *seat[T] { return s.all[(s.turn+i)%len(s.all)] }

// found lets the next look begin behind the i-th seat, where something was.
func (s *seats[T]) found(i int) { s.turn = (s.turn + i + 1) % len(s.all) }
