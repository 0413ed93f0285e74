package stage

import "testing"

// supervisor counts as ConsumerSupervisor does: what has finished is kept back
// until it is refill many.
type supervisor struct{ limit, refill, running, kept int }

func (s *supervisor) free() int { return s.limit - s.running - s.kept }

func (s *supervisor) renew() {
	if s.kept >= min(s.refill, s.limit) {
		s.kept = 0
	}
}

func TestSlotsAreRenewedInGroups(t *testing.T) {
	cases := []struct {
		limit, refill int
		credits       []int // after each of the finished, when all had been started
	}{
		{3, 1, []int{1, 2, 3}},
		{10, 8, []int{0, 0, 0, 0, 0, 0, 0, 8, 8, 8}},
		{4, 2, []int{0, 2, 2, 4}},
		{2, 50, []int{0, 2}},
	}
	for _, c := range cases {
		s := slots{limit: c.limit, refill: c.refill}
		s.open()
		for range c.limit {
			s.start()
		}
		for i, want := range c.credits {
			if s.finish(); s.credit != want {
				t.Errorf("%d slots, refill %d: %d free after %d have finished, want %d", c.limit, c.refill, s.credit, i+1, want)
			}
		}
	}
}

func TestFewerSlotsStartNothingUntilFewerRun(t *testing.T) {
	s := slots{limit: 3, refill: 1}
	s.open()
	for range 3 {
		s.start()
	}
	s.change(1, 1)
	for i, want := range []int{-1, 0, 1} {
		if s.finish(); s.credit != want {
			t.Errorf("%d free after %d have finished, want %d", s.credit, i+1, want)
		}
	}
}

func FuzzSlots(f *testing.F) {
	f.Add(uint8(10), uint8(8), []byte{0, 0, 0, 1, 1, 1, 50, 1, 1})
	f.Fuzz(func(t *testing.T, limit, refill uint8, script []byte) {
		s := slots{limit: max(1, int(limit)), refill: max(1, int(refill))}
		s.open()
		naive := supervisor{limit: s.limit, refill: s.refill}
		for i, b := range script {
			switch {
			case b == 255:
				s.open() // a Serve begins anew, with nothing running
				naive.running, naive.kept = 0, 0
			case b >= 128:
				s.change(max(1, int(b)%16), 1+int(b)/8%8)
				naive.limit, naive.refill = s.limit, s.refill
				naive.renew()
			case b%2 == 0 && s.credit > 0:
				s.start()
				naive.running++
			case b%2 == 1 && naive.running > 0:
				s.finish()
				naive.running--
				naive.kept++
				naive.renew()
			}
			if s.credit != naive.free() {
				t.Fatalf("step %d: %d free, want %d: %+v", i, s.credit, naive.free(), naive)
			}
			if naive.running == 0 && s.credit <= 0 {
				t.Fatalf("step %d: nothing runs and nothing may start: %+v", i, s)
			}
		}
	})
}
