package stage

import (
	"testing"
	"time"
)

// stampedAt stamps events at the given times, and returns the largest difference
// and how often the clock was read.
func stampedAt(s *stamper, times []int64) (worst int64, reads int) {
	for _, now := range times {
		if s.due(1) {
			s.learn(now)
			reads++
		}
		worst = max(worst, now-s.now)
	}
	return worst, reads
}

func every(gap time.Duration, n int) []int64 {
	times := make([]int64, n)
	for i := range times {
		times[i] = int64(i+1) * int64(gap)
	}
	return times
}

func TestEveryEventIsStampedUpToTenThousandASecond(t *testing.T) {
	var s stamper
	if worst, _ := stampedAt(&s, every(101*time.Microsecond, 1000)); worst != 0 {
		t.Errorf("wrong by %v", time.Duration(worst))
	}
}

func TestAboveThatTheClockIsReadEverySixtyFourthTime(t *testing.T) {
	var s stamper
	worst, reads := stampedAt(&s, every(100*time.Nanosecond, 100_000))
	if reads > 100_000/maxEvery+100 {
		t.Errorf("%d reads for 100,000 events", reads)
	}
	if worst > maxEvery*100 {
		t.Errorf("wrong by %v", time.Duration(worst))
	}
}

func TestTheFirstAfterAQuietTimeIsStampedExactly(t *testing.T) {
	var s stamper
	stampedAt(&s, every(100*time.Nanosecond, 1000))
	s.stale = true // a worker found nothing to do
	later := []int64{int64(time.Minute), int64(2 * time.Minute), int64(3 * time.Minute)}
	if worst, _ := stampedAt(&s, later[:1]); worst != 0 {
		t.Errorf("wrong by %v", time.Duration(worst))
	}
	if worst, _ := stampedAt(&s, later[1:]); worst != 0 {
		t.Errorf("those after it are wrong by %v", time.Duration(worst))
	}
}

func TestSomebodyElsesLookAtTheClockMakesStampsBetter(t *testing.T) {
	var s stamper
	stampedAt(&s, every(100*time.Nanosecond, 1000))
	s.pass(int64(time.Hour))
	if worst, _ := stampedAt(&s, []int64{int64(time.Hour) + 5}); worst > 5 {
		t.Errorf("wrong by %v", time.Duration(worst))
	}
}

func TestStampsNeverGoBack(t *testing.T) {
	var s stamper
	s.pass(1000)
	before := int64(0)
	for _, now := range []int64{900, 950, 1100, 1050, 1200} { // clocks read before the lock was had
		if s.due(1) {
			s.learn(now)
		}
		if s.now < before {
			t.Errorf("%d after %d", s.now, before)
		}
		before = s.now
	}
}
