// Package virtual runs a registered function under a virtual clock, in a child
// process: an experiment of minutes is over in milliseconds, and its times are
// exact.
//
//	// A package variable of the room that needs it.
//	var drain = virtual.Register("drain", func(ctx context.Context, l Load) (Report, error) {
//		...
//	})
//
//	func main() {
//		virtual.Main() // in a child it runs the function, and does not return
//		...
//	}
//
//	r, err := drain.Run(ctx, Load{Jobs: 10_000}) // r.Value, r.Elapsed
//
// The clock is that of testing/synctest, which exists only in a test. So the
// program starts itself once more, and the child pretends to be one.
//
// # What a function sees
//
// Its time begins at midnight of 2000-01-01, and its time zone is UTC. The time
// stands still while a goroutine of the function has something to do, and jumps to
// the next timer when all wait. So [Result.Elapsed] holds the waiting and nothing
// of the machine: two runs give the same.
//
// They give the same as far as the function lets them. Timers that are due at
// one moment fire in no order that one may rely on, a select chooses, a map
// shuffles, and math/rand is seeded afresh: what wants a seed gets one with its
// input.
//
// Input and output travel as JSON, by exported fields, the output up to 16 MiB. The
// child has the
// environment of its parent, with GOMAXPROCS=1, as goroutines that take turns at
// a clock are faster on one core, and a lab beside them keeps the others. It has
// no arguments. What it prints is lost, but that an error of a child that died
// shows the end of its standard error.
//
// # What a function must not do
//
//   - Hold a mutex while it waits: who waits for the mutex does not count as
//     waiting, and the clock stands still. Nor does a read from a file or a
//     connection: net.Pipe is a connection that does.
//   - Use channels, timers or wait groups that were made outside, such as in
//     package variables.
//   - Leave goroutines behind. Its context ends when it has returned, and so
//     should they, at once: the clock stands still by then.
//   - Start processes that outlive it, or call Run.
//
// # When it fails
//
// Run returns an [*Error] that says how, with an [Ending] for errors.Is, and
// with stacks where there are any. Nothing is tried again.
//
// # When not
//
// In a test: use testing/synctest itself. For how long work takes that computes:
// that takes no virtual time at all. For many small questions: let one call
// answer them together.
//
// # Who stops it
//
// Run waits for its child and leaves nothing behind: no process, goroutine or
// descriptor. The child is killed when the context of Run ends, and when the
// limit of real time is over, [DefaultLimit] or that of [Function.Within]; at a
// limit it has a second to show its goroutines. On Linux it also ends with its
// parent, however that ends, and a Ctrl-C in the terminal does not reach it. There
// is no Windows version: descriptors are not inherited there.
//
// # Cost
//
// A call is a process: about 10 ms on two shared cores, of which all but one or
// two are the start of any Go program, and whatever the program does before main.
// A tick of the clock that wakes a goroutine is about a microsecond. While it runs
// a call takes a thread, two or three goroutines and two pipes of the parent. How
// many run at once is for the caller to bound.
//
// In a process that is no child, Main reads one variable. Package testing makes
// the program some 0.4 MB larger, and registers its flags in children only.
package virtual
