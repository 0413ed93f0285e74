// Package resource models what work costs: a mock of a database, a remote
// service, a device, with a latency and, when wanted, a limit.
//
// # What it is
//
// A [Mock] does nothing but make its users wait. One use takes a place, waits
// for its latency and gives the place back. That models well whatever takes a
// time that does not depend on how many others wait with you: remote calls,
// timers, a disk far away. It models badly what gets slower under load: CPU,
// locks, caches, connection pools. A limit turns it into a pool.
//
// # Admission is one step
//
// [Caller.Enter] decides at once and under one lock whether the work has a
// place, stands in line, or is refused. Only then is the work started, in the
// same goroutine or in another, with [Place.Use]. Deciding inside the started
// goroutine, or deciding first and counting later, are the two ways in which a
// limit fails; the second is kept in naive.go, to be looked at and measured.
//
// # What is promised
//
//   - With [Atomic] admission no use begins while in-use ≥ limit, under any
//     mixture of cancels, panics, restarts and live changes.
//   - Every use is counted out once, on every path. At every moment
//     started = in flight + finished + failed.
//   - Who waits is admitted in order of arrival. A raised limit admits at once;
//     a lowered one interrupts nobody.
//   - Settings apply to uses that begin afterwards.
//
// # Life
//
// A Mock is a service: it answers while [Mock.Serve] runs. When Serve ends, the
// uses in flight and in line end with [ErrRestarted], and until it runs again
// nothing is admitted. The books outlive that: no count is lost in a restart.
//
// # Cost
//
// A use of latency 0 takes two short critical sections of one mutex, a clock read in each, and
// allocates nothing ([Caller.Use]). A use that waits holds one timer; one in
// line, in addition, a channel.
package resource
