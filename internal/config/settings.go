package config

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
)

// Settings are all settings of the lab, valid and complete.
type Settings struct {
	Server   Server
	Resource Resource
	Pipeline Pipeline
}

// Server is fixed from start to stop.
type Server struct {
	Addr      string        // where the lab listens, and where clients look for it
	Token     string        // what callers must know; empty: nothing
	Hosts     []string      // further names that a request may call the server by
	Grace     time.Duration // how long a stop waits for work
	DebugAddr string        // where pprof listens; empty: nowhere
	Viewers   int           // how many may watch live at one time
}

// Resource is what work costs, and what happens when there is no room for it.
type Resource struct {
	resource.Settings
	Status int // HTTP status of a refusal
}

// Pipeline is how the events of part 2 come to the resource.
type Pipeline struct {
	Kind        string // who takes them
	Consumers   int    // with Consumers: how many
	Concurrency int    // with Supervisor: events at one time
	Refill      int    // with Supervisor: asks again after that many have finished
	Handout     string // how consumers are given them
	MaxDemand   int    // with Prefetch: unfinished events of a consumer at most
	MinDemand   int    // with Prefetch: asks again at that many; HalfDemand: half of MaxDemand
	Buffer      int    // events that may wait
	Overflow    string // what becomes of one more
	Attempts    int    // uses of an event before it has failed
}

// HalfDemand stands for a MinDemand of half the MaxDemand: that it was left out.
const HalfDemand = -1

// Defaults are the workshop's.
func Defaults() Settings {
	return Settings{
		Server:   Server{Addr: "localhost:4000", Grace: 10 * time.Second, Viewers: 1000},
		Resource: Resource{Settings: resource.Defaults(), Status: 500},
		Pipeline: Pipeline{
			Kind: "consumers", Consumers: 1, Concurrency: 10, Refill: 1,
			Handout: "prefetch", MaxDemand: 1000, MinDemand: HalfDemand,
			Buffer: 10_000, Overflow: "reject", Attempts: 5,
		},
	}
}

// contradiction names the settings that do not go together, though each is within
// its own bounds, and says why; nothing if all do.
func (s Settings) contradiction() (keys []string, detail string) {
	if p := s.Pipeline; p.MinDemand >= p.MaxDemand {
		return []string{"pipeline.min_demand", "pipeline.max_demand"},
			fmt.Sprintf("a min_demand of %d: want less than max_demand, which is %d", p.MinDemand, p.MaxDemand)
	}
	return nil, ""
}
