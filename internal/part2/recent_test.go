package part2

import (
	"math"
	"testing"
	"time"
)

func TestTheMeansForgetAllButTheLastHundredAndWeighFreshOnesMore(t *testing.T) {
	var r recent
	if last, weighted := r.means(); last != 0 || weighted != 0 {
		t.Errorf("%v and %v of nothing", last, weighted)
	}
	want := 0.0
	for i := 1; i <= 350; i++ {
		latency := time.Duration(i) * time.Second
		r.add(time.Duration(i)*time.Second, latency)
		if want += fresh * (float64(latency) - want); i == 1 {
			want = float64(latency)
		}
		n := min(i, lastFew)
		mean := latency - time.Duration(n-1)*time.Second/2
		if last, weighted := r.means(); last != mean || math.Abs(float64(weighted)-want) > 1e3 {
			t.Fatalf("after %d: %v, want %v; weighted %v, want %v", i, last, mean, weighted, time.Duration(want))
		}
	}
	r.forget()
	if last, weighted := r.means(); last != 0 || weighted != 0 {
		t.Errorf("%v and %v after a reset", last, weighted)
	}
	r.add(0, time.Second)
	r.add(0, 2*time.Second)
	if last, weighted := r.means(); last != 1500*time.Millisecond || weighted != 1050*time.Millisecond {
		t.Errorf("%v and %v", last, weighted)
	}
}

func TestHalfOfTheWeightedMeanComesFromTheLastFourteen(t *testing.T) {
	var r recent
	r.add(0, 0)
	for range 14 {
		r.add(0, time.Second)
	}
	if _, weighted := r.means(); weighted < 490*time.Millisecond || weighted > 520*time.Millisecond {
		t.Error(weighted)
	}
}
