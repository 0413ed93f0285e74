package part1

import (
	"context"
	"runtime/pprof"
)

// Goroutines that do the chapter's work carry labels in profiles: whose they are,
// which part and which endpoint. A census then tells an async burst apart from all
// else. The label child is that of [supervise.Label]: async work belongs to the
// chapter, a serial request to the server. A test holds these words against the
// tree. Made once: to set them costs some nanoseconds.
var (
	serialLabels = pprof.WithLabels(context.Background(), pprof.Labels("child", "http", "part", "part1", "endpoint", "serial"))
	asyncLabels  = pprof.WithLabels(context.Background(), pprof.Labels("child", "part1", "part", "part1", "endpoint", "async"))
)
