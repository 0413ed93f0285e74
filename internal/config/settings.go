package config

import (
	"time"

	"github.com/affluxlab/afflux/internal/resource"
)

// Settings are all settings of the lab, valid and complete.
type Settings struct {
	Server   Server
	Resource Resource
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

// Defaults are the workshop's.
func Defaults() Settings {
	return Settings{
		Server:   Server{Addr: "localhost:4000", Grace: 10 * time.Second, Viewers: 1000},
		Resource: Resource{Settings: resource.Defaults(), Status: 500},
	}
}
