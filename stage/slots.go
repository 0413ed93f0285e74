package stage

// slots is the demand of a spawner: as many events at once as there are slots.
// Demand is renewed when refill tasks have finished, as ConsumerSupervisor does
// with its min_demand. Credit is below zero while more run than a lowered limit
// allows.
type slots struct {
	limit, refill int
	credit        int // events that may be started now
	finished      int // since demand was last renewed
}

// open begins anew, with nothing running.
func (s *slots) open() { s.credit, s.finished = s.limit, 0 }

// start uses up a slot.
func (s *slots) start() { s.credit-- }

// finish counts a task as finished.
func (s *slots) finish() {
	s.finished++
	s.renew()
}

// change puts another limit and refill in force.
func (s *slots) change(limit, refill int) {
	s.credit += limit - s.limit
	s.limit, s.refill = limit, refill
	s.renew()
}

func (s *slots) renew() {
	if s.finished >= min(s.refill, s.limit) {
		s.credit += s.finished
		s.finished = 0
	}
}
