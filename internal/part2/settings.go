package part2

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// Kind says who takes the events.
type Kind string

// The kinds.
const (
	Consumers  Kind = "consumers"  // each takes one at a time
	Supervisor Kind = "supervisor" // a goroutine for each event, at most Concurrency
)

// Handout says how consumers are given events.
type Handout string

// The ways to hand out.
const (
	Prefetch Handout = "prefetch" // GenStage's demand: consumers ask ahead
	Lazy     Handout = "lazy"     // events wait in the queue until a consumer is free
)

// Overflow says what becomes of one event more than the buffer holds.
type Overflow string

// The ways to overflow.
const (
	Reject     Overflow = "reject"      // it is refused: 503
	DropOldest Overflow = "drop_oldest" // the one that has waited longest is dropped
	DropNewest Overflow = "drop_newest" // it is accepted and dropped at once
)

// Settings are the chapter's own. All may be changed while events flow.
type Settings struct {
	Kind        Kind
	Consumers   int // with kind Consumers: how many; 1 to 1,000
	Concurrency int // with kind Supervisor: events at one time; 1 to 100,000
	Refill      int // with kind Supervisor: ask again after that many have finished; 1 or more, at most Concurrency counts
	Handout     Handout
	MaxDemand   int // with Prefetch: unfinished events of a consumer at most; 1 to 1,000,000
	MinDemand   int // with Prefetch: ask again at so few; below MaxDemand; negative: half of it
	Buffer      int // events that may wait, those to be retried included; 1 to 10,000,000
	Overflow    Overflow
	Attempts    int // uses of one event before it has failed; 1 to 100
}

// Validate names the first setting that is out of bounds.
func (s Settings) Validate() error {
	bounds := []struct {
		name           string
		value, low, up int
	}{
		{"consumers", s.Consumers, 1, 1000},
		{"concurrency", s.Concurrency, 1, 100_000},
		{"refill", s.Refill, 1, 100_000},
		{"max_demand", s.MaxDemand, 1, stage.MaxDemand},
		{"min_demand", s.minDemand(), 0, s.MaxDemand - 1},
		{"buffer", s.Buffer, 1, 10_000_000},
		{"attempts", s.Attempts, 1, 100},
	}
	for _, b := range bounds {
		if b.value < b.low || b.value > b.up {
			return fmt.Errorf("part2: %s %d: want %d to %d", b.name, b.value, b.low, b.up)
		}
	}
	switch {
	case s.Kind != Consumers && s.Kind != Supervisor:
		return fmt.Errorf("part2: kind %q: want %s or %s", s.Kind, Consumers, Supervisor)
	case s.Handout != Prefetch && s.Handout != Lazy:
		return fmt.Errorf("part2: handout %q: want %s or %s", s.Handout, Prefetch, Lazy)
	}
	if _, known := overflows[s.Overflow]; !known {
		return fmt.Errorf("part2: overflow %q: want %s, %s or %s", s.Overflow, Reject, DropOldest, DropNewest)
	}
	return nil
}

// minDemand is the one in force.
func (s Settings) minDemand() int {
	if s.MinDemand < 0 {
		return s.MaxDemand / 2
	}
	return s.MinDemand
}

// workers is how many events may be in hand at one time.
func (s Settings) workers() int {
	if s.Kind == Supervisor {
		return s.Concurrency
	}
	return s.Consumers
}

// subscription is how a consumer takes from the queue.
func (s Settings) subscription() stage.SubOption {
	if s.Handout == Lazy {
		return stage.Lazy(0, 0)
	}
	return stage.Demand(s.MaxDemand, s.minDemand())
}

var overflows = map[Overflow]stage.OverflowMode{
	Reject: stage.Refuse, DropOldest: stage.DropOldest, DropNewest: stage.DropNewest,
}

// queue is how the queue is set up. Drops are counted in its books, where they are
// seen, so nobody else needs to be told.
func (s Settings) queue() stage.QueueConfig {
	return stage.QueueConfig{Buffer: s.Buffer, Overflow: overflows[s.Overflow], OnDrop: func(int) {}}
}

// The pause before an event is tried again: doubled each time.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 10 * time.Second
)

// pause is the one after the n-th try.
func pause(n int) time.Duration {
	if n > 7 { // 12.8 s
		return longestPause
	}
	return min(firstPause<<(n-1), longestPause)
}
