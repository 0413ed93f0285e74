package telemetry_test

import (
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/affluxlab/afflux/internal/telemetry"
)

func TestEachThatIsOfferedHasTheSameChance(t *testing.T) {
	const offered, n, rounds = 20, 5, 20_000
	r := telemetry.NewReservoir[int](n)
	var chosen [offered]int
	for range rounds {
		for i := range offered {
			r.Offer(i)
		}
		got, _ := r.Take()
		for _, i := range got {
			chosen[i]++
		}
	}
	const expected = float64(rounds) * n / offered
	chi := 0.0
	for _, c := range chosen {
		chi += math.Pow(float64(c)-expected, 2) / expected
	}
	// With 19 degrees of freedom a fair choice exceeds this once in ten million.
	if chi > 67 {
		t.Errorf("chi-square %.1f: %v", chi, chosen)
	}
}

func TestPairsAreChosenAsOftenAsTheyShouldBe(t *testing.T) {
	const offered, rounds = 8, 28_000
	r := telemetry.NewReservoir[int](2)
	pairs := map[[2]int]int{}
	for range rounds {
		for i := range offered {
			r.Offer(i)
		}
		got, _ := r.Take()
		pairs[[2]int{got[0], got[1]}]++
	}
	const expected = float64(rounds) / 28
	chi := 0.0
	for a := range offered {
		for b := a + 1; b < offered; b++ {
			chi += math.Pow(float64(pairs[[2]int{a, b}])-expected, 2) / expected
		}
	}
	// 27 degrees of freedom.
	if chi > 81 {
		t.Errorf("chi-square %.1f: %v", chi, pairs)
	}
}

func TestAChoiceIsInOrderAndStandsForAll(t *testing.T) {
	for _, n := range []int{-1, 1, 5, 50} {
		r := telemetry.NewReservoir[int](n)
		for _, offered := range []int{0, 1, 4, 5, 6, 49, 50, 51, 1000, 0, 3} {
			for i := range offered {
				r.Offer(i)
			}
			chosen, weight := r.Take()
			if want := min(offered, max(n, 1)); len(chosen) != want {
				t.Errorf("%d of %d chosen, want %d", len(chosen), offered, want)
			}
			if !slices.IsSorted(chosen) || len(slices.Compact(slices.Clone(chosen))) != len(chosen) {
				t.Errorf("order %v", chosen)
			}
			if sum := weight * float64(len(chosen)); math.Abs(sum-float64(offered)) > 1e-9*float64(offered) {
				t.Errorf("%d that weigh %v are %v, want %d", len(chosen), weight, sum, offered)
			}
		}
	}
}

func TestNothingThatIsOfferedIsCountedTwiceOrNever(t *testing.T) {
	r := telemetry.NewReservoir[int](10)
	var offering sync.WaitGroup
	for range 4 {
		offering.Go(func() {
			for i := range 5000 {
				r.Offer(i)
			}
		})
	}
	ended := make(chan struct{})
	go func() { offering.Wait(); close(ended) }()
	total := 0.0
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		default:
		}
		chosen, weight := r.Take()
		total += weight * float64(len(chosen))
	}
	if math.Round(total) != 20_000 {
		t.Errorf("%v", total)
	}
}

func TestAnOfferAllocatesNothing(t *testing.T) {
	r := telemetry.NewReservoir[[20]int](50)
	for range 100 {
		r.Offer([20]int{})
	}
	if n := testing.AllocsPerRun(1000, func() { r.Offer([20]int{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
