// Package bench holds package stage against its rivals: Go's channels in the usual
// shapes, goroutines behind a semaphore, and watermill's in-process channel. It is
// a module of its own, so that no rival ever becomes a requirement of afflux.
//
//	go test -run '^$' -bench . -benchtime 1x -timeout 30m
//	go test -run '^$' -bench . -benchtime 1x -args -rounds 3 -turn 200ms -rows 'pushe|spawner'
//
// BenchmarkStage prints one table. All rows take turns, round after round, since
// what the machine does beside then befalls all alike: of each row the table has
// the median of the rounds, the least and the most, and the median of the rounds'
// ratios to the row it is held against, which has the letter that follows the
// ratio. Where the unit is time or memory, less is better. Rows that -rows names
// bring those that they are held against. A number from one machine says little on
// another; the ratios say more. Aims are from a machine where a buffered channel
// moves 20 M/s and a channel of fresh slices 189 M/s, ± 20 %.
//
// # What is measured
//
// Events of 16 bytes. The producer writes both words, the handler reads both and
// sums them up, by the same loops whatever is between. When the clock has stopped
// the sums are compared with what they must be: an event that was lost, invented
// or handled twice fails the benchmark. The clock runs from the moment at which
// all takers wait to the end of the last event; what is built before that, and
// taken down after it, is not counted, neither as time nor as memory.
//
// Handlers of many workers add to one of 64 counters, with two atomic additions;
// so do the goroutines of the semaphore.
//
// allocs are all allocations of the program during that time, for each event, or
// for each snapshot.
//
// # Rows
//
// Channels have room for 1024 events, or for 16 slices, unless a row says
// otherwise; queues have room for 1024 events and producers for 4096, which are
// their defaults. "With select" means that both sides watch a context, as a stage
// does. A recycled slice returns through a second channel.
//
// An event through an idle pipeline: from before the push to the start of the
// handler; "and back" until the pusher has been told by the handler, through a
// channel. The same with a channel in the place of the queue. One reading of the
// clock, 20–50 ns, is in each.
//
// The cost of an event by workers: they all compete for one outlet with room for
// 100,000. By what waits: everything is pushed, one by one, while the queue is
// paused; then it is handled by one worker in slices.
package bench
