package part2_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
)

// poisson has n events come by chance, so many a second, waits for their end and
// returns their mean latency in seconds.
func poisson(t *testing.T, seed uint64, n int, perSecond float64, d resource.Distribution, change func(*part2.Settings)) (mean float64) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, change, half)
		c.use(func(s *resource.Settings) { s.Distribution, s.Seed = d, seed })
		synctest.Wait()
		random := rand.New(rand.NewPCG(seed, 9))
		for range n {
			time.Sleep(time.Duration(random.ExpFloat64() / perSecond * float64(time.Second)))
			c.enqueue(1)
		}
		if left := c.Drain(t.Context()); left != 0 {
			t.Errorf("%d left", left)
		}
		mean = c.settled(n).LatencyMS.Mean / 1000
	})
	return mean
}

// The means of the workshop's question 5b, by theory: with one consumer and constant
// times that of M/D/1, S + ρS/2(1-ρ).
func TestUnderASteadyLoadConsumersHelpAsMuchAsUtilisationSays(t *testing.T) {
	for name, c := range map[string]struct {
		perSecond float64
		change    func(*part2.Settings)
		mean, off float64
	}{
		"1 a second, one consumer":        {1, demand(1), 0.75, 0.05},
		"1 a second, three consumers":     {1, all(demand(1), consumers(3)), 0.50, 0.01},
		"1.8 a second, one consumer":      {1.8, demand(1), 2.75, 0.5},
		"1.8 a second, three consumers":   {1.8, all(demand(1), consumers(3)), 0.51, 0.02},
		"1.8 a second, a supervisor of 3": {1.8, supervisor(3), 0.51, 0.02},
	} {
		t.Run(name, func(t *testing.T) {
			if mean := poisson(t, 1, 8000, c.perSecond, resource.Constant, c.change); math.Abs(mean-c.mean) > c.off {
				t.Errorf("mean latency %.3f s, want %v", mean, c.mean)
			}
		})
	}
}

// With random times, theory has (M/M/1) S/(1-ρ).
func TestWithRandomTimesTheSameLoadWaitsTwiceAsLong(t *testing.T) {
	if mean := poisson(t, 1, 8000, 1, resource.Exponential, demand(1)); math.Abs(mean-1) > 0.1 {
		t.Errorf("mean latency %.3f s, want 1", mean)
	}
	if mean := poisson(t, 1, 8000, 1, resource.Exponential, all(demand(1), consumers(3))); math.Abs(mean-0.5) > 0.05 {
		t.Errorf("mean latency %.3f s, want 0.5", mean)
	}
}

// Three private queues are not one shared queue: 1.18 s against 20.9 s in the
// workshop's simulation.
func TestPrefetchMakesLatencyManyTimesWorseThanOneSharedQueue(t *testing.T) {
	const seeds, n, perSecond = 3, 12_000, 5
	var shared, private float64
	for seed := range uint64(seeds) {
		shared += poisson(t, seed, n, perSecond, resource.Exponential, all(demand(1), consumers(3))) / seeds
		private += poisson(t, seed, n, perSecond, resource.Exponential, consumers(3)) / seeds
	}
	if math.Abs(shared-1.18) > 0.25 {
		t.Errorf("with max_demand 1 the mean latency is %.2f s, want 1.18", shared)
	}
	if private < 8*shared {
		t.Errorf("with max_demand 1000 it is %.2f s, and %.2f s with 1", private, shared)
	}
	t.Logf("%.2f s with max_demand 1, %.2f s with 1000", shared, private)
}
