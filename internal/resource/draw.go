package resource

import (
	"math"
	"time"
)

// draw returns the latency of use number n. It is a function of the settings
// and n alone, so that a run can be repeated use by use.
func (s Settings) draw(n uint64) time.Duration {
	if s.Distribution == Constant || s.Latency == 0 {
		return s.Latency
	}
	mean, u := float64(s.Latency), unit(s.Seed, n)
	switch s.Distribution {
	case Uniform:
		return time.Duration(2 * mean * u)
	case Exponential:
		return time.Duration(-mean * math.Log(u))
	default: // Lognormal, σ = 1: its mean is exp(μ + 1/2)
		z := math.Sqrt2 * math.Erfinv(2*u-1)
		return time.Duration(mean * math.Exp(z-0.5))
	}
}

// unit returns a number in (0, 1), never either end, so that neither the
// logarithm nor the inverse error function is asked for infinity.
func unit(seed, n uint64) float64 {
	return (float64(mix(seed^mix(n))>>11) + 0.5) / (1 << 53)
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable
// pseudorandom number generators", 2014): neighbouring numbers come out unlike.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
