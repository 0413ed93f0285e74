package telemetry_test

import (
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

func TestARateIsTheGrowthPerSecondOfTheNewestTime(t *testing.T) {
	r := newRecorder(t, nil, nil)
	at := func(i int) time.Time { return origin.Add(time.Duration(i) * telemetry.Step) }
	if got := r.Rate("c", telemetry.RateWindow); got != 0 {
		t.Errorf("%v before anything", got)
	}
	for i := range 100 { // 50 a second
		r.Feed(at(i), 0, float64(i), 0)
	}
	for i := range 100 { // then 100 a second
		r.Feed(at(100+i), 0, 100+2*float64(i), 0)
	}
	if got := r.Rate("c", time.Second); got != 100 {
		t.Errorf("%v, want 100", got)
	}
	if got := r.Rate("c", 20*time.Millisecond); got != 100 {
		t.Errorf("%v, want 100", got)
	}
}

func TestAResetDoesNotBendARate(t *testing.T) {
	r := newRecorder(t, nil, nil)
	at := func(i int) time.Time { return origin.Add(time.Duration(i) * telemetry.Step) }
	count := 500.0
	for i := range 200 { // 1000 a second throughout; a reset after two seconds
		if i == 100 {
			count = 0
			r.Feed(at(i), 0, count, 0)
			if got := r.Rate("c", time.Second); got != 0 {
				t.Errorf("%v from one sample of the new epoch", got)
			}
			continue
		}
		count += 20
		r.Feed(at(i), 0, count, 0)
		if got := r.Rate("c", time.Second); i > 1 && (got < 999.9 || got > 1000.1) {
			t.Fatalf("%v at sample %d, want 1000", got, i)
		}
	}
}
