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

func TestARateIsNotNegativeAfterAReset(t *testing.T) {
	r := newRecorder(t, nil, nil)
	r.Feed(origin, 0, 1000, 0)
	r.Feed(origin.Add(time.Second), 0, 5, 0)
	if got := r.Rate("c", time.Second); got != 5 {
		t.Errorf("%v, want 5", got)
	}
}
