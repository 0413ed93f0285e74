// Package supervise runs long-lived parts of a program as a tree: each part is
// a child of a supervisor that starts it, starts it again when it ends, and
// stops it in order. It is OTP's supervisor for Go, in the standard library
// alone.
//
//	tree, err := supervise.New(supervise.Config{
//		Name: "shop",
//		Children: []supervise.Child{
//			{Name: "store", Service: store},
//			{Name: "mailer", Service: mailer, Restart: supervise.Transient},
//		},
//	})
//	err = tree.Serve(ctx) // until ctx ends, or the tree gives up
//
// # What a child does
//
// A [Service] has one method, Serve(ctx), that blocks while the service works.
//
//   - The end of ctx always means "leave now": Serve returns as soon as it can,
//     and everything that it started has ended by then. What has to be finished
//     first is finished before the tree is stopped, by whoever stops it.
//   - It returns nil when its work is done, an error when it failed, and what
//     it likes when told to leave; context.Cause(ctx) is a good answer.
//   - It may be called again after it returned, so it begins from a known state:
//     what must survive a restart lives outside it. It is never called twice at
//     the same time, as long as no Service is given to two children.
//   - It need not catch its panics: the tree does, for the goroutine of Serve. A
//     panic in a goroutine that Serve started still ends the program.
//
// # When a child ends
//
// A [Permanent] child is started again however it ended, a [Transient] one
// after an abnormal end (an error, a panic, runtime.Goexit, a kill), a
// [Temporary] one never. Restarts are immediate, as in OTP. When a tree has to
// restart more than MaxRestarts times Within a period it gives up: it stops all
// its children and its Serve returns an [*IntensityError]. As a tree is a
// Service, its parent then restarts the whole of it, or gives up in turn. Each
// Serve of a tree starts all its children, and counts afresh.
//
// # Who is restarted with it
//
// The strategy says whom a restart concerns: [OneForOne] only the child that
// ended, [OneForAll] all children, [RestForOne] those after it in start order as
// well. They depend on it, so they are stopped first, in reverse order, one after
// the other and each in its time, as if the tree were; when the last has ended
// all are started, in start order.
//
//   - That is one restart. It counts once for the intensity, and in the Restarts
//     of the child that ended, which one [Restarting] event tells of. Its siblings
//     did nothing wrong.
//   - A temporary sibling is stopped and not started again. A transient one is
//     started, even if it had finished: what it had prepared may be gone.
//   - A sibling that ends by itself, or is killed, before it is its turn to stop
//     is started again with the others, and not counted either.
//   - One that is stuck holds nobody up: the others start, and it starts when it
//     has at last returned.
//   - The tree goes on meanwhile. When its context ends nothing more is started;
//     when a child before those of a RestForOne ends too, it joins them, with all
//     between, and counts.
//
// # Children that come and go
//
// [Tree.Add] adds a child as the last in start order, and [Tree.Remove] takes
// one out; whether the tree runs or not, from anywhere, without waiting. What was
// added is as good as what New was given: the next Serve starts it again. A
// child with Forget leaves by itself when it is done, so a tree of such children
// is OTP's DynamicSupervisor: for a connection, a session, an import. The [Removed]
// event tells that a child has left, when its name is free.
//
// A name is one child's among all in a tree and below it. Add sees to that as far
// down as it can look, but a tree does not know the one it is in: who adds to a
// tree below another keeps its names apart from those above and beside.
//
// # Stopping
//
// When the context of a tree ends nothing more is started, and its children are
// stopped in reverse order, one after the other: each is told by its context,
// with [ErrStopping] as the cause, and waited for as long as its Stop allows. An
// error that it returns then is no failure, but is kept as its last error if it
// says more than that the context ended; Serve of the tree returns nil. So a stop
// lasts at most as long as all Stops together.
//
// Go cannot end a goroutine from outside: one that does not return is reported
// as stuck, by an event, in the snapshot, and in the [*StuckError] that Serve
// returns; it is the one thing that outlives a tree. A stuck child that belongs
// to a tree that is started again is not started a second time beside itself:
// it starts when it has at last returned. One that was removed leaves then.
//
// # Killing
//
// [Tree.Kill] ends one child, by name, anywhere below: for a person who wants to
// see what happens. The child is told by its context, with [ErrKilled] as the
// cause, and whatever it returns the end is abnormal. Of two that have the same
// name, in trees that were added to, the first in start order is meant.
//
// # Watching
//
// [Tree.Snapshot] shows every child with its state, restarts, last error and
// the place in the source that implements it, and of each tree how many restarts
// it bears yet. Config.Hook is told each change as a typed [Event]. In profiles of
// runtime/pprof the goroutine of a child, and those it starts, carry the label
// child with its name: who uses the processor, and who has how many goroutines,
// is one filter away.
//
// # When not
//
// For work that ends, such as a request or a job, use a plain goroutine and a
// WaitGroup; for a group that fails together, golang.org/x/sync/errgroup. A
// supervisor is for what should always be there. Nor does it help against an
// error that comes back at once: it then gives up, on purpose. What should be
// tried again with patience waits inside its own Serve.
//
// # Cost
//
// One goroutine per running child and the one that calls Serve on the tree; one
// mutex per tree, held for the time of a copy. Nothing is polled. To add or remove
// a child, and each end of one, takes time in proportion to the number of
// children: a whole life, from Add to the end, about a millisecond beside ten
// thousand others, whose stop takes a second. It is made for hundreds.
//
// # Compared with OTP
//
// The semantics follow the supervisor behaviour as described in OTP's design
// principles (https://www.erlang.org/doc/system/sup_princ.html) and its manual
// page (https://www.erlang.org/doc/apps/stdlib/supervisor.html). The same are
// the order of starts and stops, the three kinds of child, the three strategies
// and which siblings start again under them, the sliding period (both its ends
// count), giving up by ending oneself, and a tree's unlimited time to stop.
// Different are:
//
//   - The defaults, 3 restarts in 5 seconds, are those of Elixir's Supervisor; OTP's are 1 in 5.
//   - A child has no start function that must return before the next starts:
//     the order is that in which the goroutines are started.
//   - There is no brutal kill; a child that will not leave is stuck.
//   - A normal end is a return of nil. OTP's reason shutdown, which a supervisor
//     that gave up exits with, is normal to it; here a transient tree that gave
//     up is restarted.
//   - A temporary child that has ended stays in the tree, and is started when
//     the tree is, unless it has Forget; OTP always forgets it. With Forget a
//     transient child that has finished leaves too, as in Elixir's
//     DynamicSupervisor; in OTP's supervisor it stays.
//   - While siblings are being stopped OTP's supervisor hears nothing else; a tree
//     heeds its context, ends of other children, Add, Remove and Kill.
//   - terminate_child and delete_child are one, Remove, that does not wait; there is
//     no restart_child. Children that were added outlive a restart of their tree.
//   - Automatic shutdown is not there.
package supervise
