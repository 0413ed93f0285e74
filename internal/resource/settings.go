package resource

import (
	"fmt"
	"time"
)

// DefaultLatency is what one use costs unless a setting says otherwise. The
// workshop has people change it: five times as long is 2500 ms.
const DefaultLatency = 500 * time.Millisecond

// Bounds of the settings.
const (
	MaxLatency  = time.Hour
	MaxLimit    = 10_000_000
	MaxNaiveGap = time.Second
)

// Distribution says how the latencies of single uses spread around their mean.
type Distribution string

// The distributions. All have Settings.Latency as their mean.
const (
	Constant    Distribution = "constant"    // every use takes the same time
	Uniform     Distribution = "uniform"     // between nothing and twice the mean
	Exponential Distribution = "exponential" // memoryless; many short, a few long
	Lognormal   Distribution = "lognormal"   // σ = 1; the long tail of real services
)

// Distributions lists them all, in the order in which a page offers them.
func Distributions() []string {
	return []string{string(Constant), string(Uniform), string(Exponential), string(Lognormal)}
}

// OnFull says what happens to work that finds the resource full.
type OnFull string

// What can happen to work that finds the resource full.
const (
	Reject OnFull = "reject" // it is refused at once
	Wait   OnFull = "wait"   // it stands in line, unless the line is full too
)

// Admission says how it is decided whether there is room.
type Admission string

// The two ways of deciding. Only Atomic keeps the limit.
const (
	Atomic Admission = "atomic" // look and count in one step
	Naive  Admission = "naive"  // look, then count: wrong on purpose, for the exercise
)

// Settings of a Mock. The zero value is not valid: start from [Defaults].
type Settings struct {
	Latency      time.Duration // mean cost of one use; 0 to [MaxLatency]; 0 costs nothing
	Distribution Distribution  // how single uses spread around it
	Seed         uint64        // with the number of a use, decides its latency
	Limit        int           // uses at one time; 0 means no limit; to [MaxLimit]
	OnFull       OnFull        // what happens when Limit is reached
	MaxWaiting   int           // length of the line with Wait; 0 to [MaxLimit]
	Admission    Admission     // Atomic, or Naive for the exercise
	NaiveGap     time.Duration // with Naive: time between looking and counting; 0 to [MaxNaiveGap]
}

// Defaults are the workshop's: 500 ms each, without a limit.
func Defaults() Settings {
	return Settings{
		Latency:      DefaultLatency,
		Distribution: Constant,
		Seed:         1,
		OnFull:       Reject,
		MaxWaiting:   10_000,
		Admission:    Atomic,
		NaiveGap:     2 * time.Millisecond,
	}
}

// Validate returns an error naming the first field that is out of bounds.
func (s Settings) Validate() error {
	switch {
	case s.Latency < 0 || s.Latency > MaxLatency:
		return fmt.Errorf("latency %v: want 0s to %v", s.Latency, MaxLatency)
	case !s.Distribution.known():
		return fmt.Errorf("distribution %q: want one of %v", s.Distribution, Distributions())
	case s.Limit < 0 || s.Limit > MaxLimit:
		return fmt.Errorf("limit %d: want 0 to %d", s.Limit, MaxLimit)
	case s.OnFull != Reject && s.OnFull != Wait:
		return fmt.Errorf("on_full %q: want %q or %q", s.OnFull, Reject, Wait)
	case s.MaxWaiting < 0 || s.MaxWaiting > MaxLimit:
		return fmt.Errorf("max_waiting %d: want 0 to %d", s.MaxWaiting, MaxLimit)
	case s.Admission != Atomic && s.Admission != Naive:
		return fmt.Errorf("admission %q: want %q or %q", s.Admission, Atomic, Naive)
	case s.NaiveGap < 0 || s.NaiveGap > MaxNaiveGap:
		return fmt.Errorf("naive_gap %v: want 0s to %v", s.NaiveGap, MaxNaiveGap)
	}
	return nil
}

func (d Distribution) known() bool {
	return d == Constant || d == Uniform || d == Exponential || d == Lognormal
}
