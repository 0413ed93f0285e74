package stage

import (
	"testing"
	"time"
)

const aMillisecond = int64(time.Millisecond)

func TestSlowEventsAreTakenOneAtATime(t *testing.T) {
	p := pace{size: 1, max: 1024, target: aMillisecond}
	for range 10 {
		p.after(1, 500*aMillisecond)
		if n := p.take(1000, 3); n != 1 {
			t.Fatalf("takes %d events of 500 ms", n)
		}
	}
}

func TestFastEventsAreTakenAThousandAtATimeWithinTwelveTurns(t *testing.T) {
	p := pace{size: 1, max: 1024, target: aMillisecond}
	for range 11 {
		n := p.take(1_000_000, 1)
		p.after(n, int64(n)*100)
	}
	if n := p.take(1_000_000, 1); n != 1024 {
		t.Errorf("takes %d events of 100 ns, want 1024", n)
	}
}

func TestAPaceShrinksInProportion(t *testing.T) {
	p := pace{size: 1000, max: 1024, target: aMillisecond}
	p.after(1000, 10*aMillisecond)
	if p.size != 100 {
		t.Errorf("takes %d after ten times the target, want 100", p.size)
	}
	p.after(50, aMillisecond/10) // not a full slice: it proves nothing
	if p.size != 100 {
		t.Errorf("takes %d after a slice that was not full, want 100", p.size)
	}
}

func TestAShortQueueIsShared(t *testing.T) {
	cases := []struct{ size, crumb, waiting, workers, want int }{
		{1024, 0, 9, 3, 3},
		{1024, 0, 10, 3, 4},
		{1024, 0, 1, 3, 1},
		{2, 0, 900, 3, 2},
		{1024, 50, 9, 3, 50}, // no crumbs
		{8, 50, 9, 3, 8},
	}
	for _, c := range cases {
		p := pace{size: c.size, crumb: c.crumb, max: 1024, target: aMillisecond}
		if got := p.take(c.waiting, c.workers); got != c.want {
			t.Errorf("%+v: takes %d", c, got)
		}
	}
}

func TestAPaceOfSingleEventsTellsHowManyWouldFit(t *testing.T) {
	p := pace{size: 1, max: 1024, target: aMillisecond}
	for range 12 {
		p.afterOne(10_000)
	}
	if p.size < 50 || p.size > 100 {
		t.Errorf("says that %d events of 10 µs fit into 1 ms", p.size)
	}
	p.afterOne(500 * aMillisecond)
	if p.size != 1 {
		t.Errorf("says that %d events of 500 ms fit into 1 ms", p.size)
	}
}

func FuzzPace(f *testing.F) {
	f.Add(1024, aMillisecond, 500*aMillisecond, int64(20), 7)
	f.Add(1, int64(1), int64(0), int64(1<<62), 1000)
	f.Fuzz(func(t *testing.T, most int, target, slow, fast int64, waiting int) {
		most = max(1, min(most, maxInChunk))
		target, slow, fast = max(1, target), max(0, slow), max(0, fast)
		waiting = max(1, min(waiting, maxBuffer))
		p := pace{size: 1, max: most, target: target}
		for i := range 40 {
			took := slow
			if i%3 > 0 {
				took = fast
			}
			n := min(p.take(waiting, i%5), waiting)
			if n < 1 || n > most {
				t.Fatalf("takes %d of %d, at most %d", n, waiting, most)
			}
			if i%7 == 0 {
				p.afterOne(took)
			} else {
				p.after(n, took)
			}
			if p.size < 1 || p.size > most {
				t.Fatalf("size %d of at most %d after %d took %d", p.size, most, n, took)
			}
		}
	})
}
