// Package profile asks the Go runtime what the goroutines of this process do, and
// who uses the processor: a census of goroutines by what they wait for and by the
// labels they carry, a short CPU profile by label, and a flight recorder that keeps
// the last seconds of an execution trace.
//
// Nothing here runs by itself. Each call costs what its comment says, on the
// goroutine that made it, and none belongs into the path of a request: there, only
// labels are set ([runtime/pprof.SetGoroutineLabels]), which costs some
// nanoseconds.
package profile
