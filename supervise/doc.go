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
// The end of ctx always means "leave now": Serve returns as soon as it can, and
// everything that it started has ended by then. What has to be finished first
// is finished before the tree is stopped, by whoever stops it. Serve may be
// called again after it returned, never twice at the same time.
//
// # When a child ends
//
// A [Permanent] child is started again however it ended, a [Transient] one
// after an abnormal end (an error, a panic, runtime.Goexit, a kill), a
// [Temporary] one never. Restarts are immediate, as in OTP. When a tree has to
// restart more than MaxRestarts times Within a period it gives up: it stops all
// its children and its Serve returns an [*IntensityError]. As a tree is a
// Service, its parent then restarts the whole of it, or gives up in turn.
//
// # Stopping
//
// When the context of a tree ends, its children are stopped in reverse order,
// one after the other: each is told by its context, with [ErrStopping] as the
// cause, and waited for as long as its Stop allows. Go cannot end a goroutine
// from outside: one that does not return is reported as stuck, by an event, in
// the snapshot, and in the [*StuckError] that Serve returns. A stuck child that
// belongs to a tree that is started again is not started a second time beside
// itself: it starts when it has at last returned.
//
// # Watching
//
// [Tree.Snapshot] shows every child with its state, restarts, last error and
// the place in the source that implements it. Config.Hook is told each change
// as a typed [Event].
//
// # When not
//
// For work that ends, such as a request or a job, use a plain goroutine and a
// WaitGroup; for a group that fails together, golang.org/x/sync/errgroup. A
// supervisor is for what should always be there.
//
// # Cost
//
// One goroutine per running child and the one that calls Serve on the tree; one
// mutex per tree, held for the time of a copy. Nothing is polled.
//
// Semantics follow OTP's supervisor behaviour
// (https://www.erlang.org/doc/system/sup_princ.html); what differs is said
// where it differs: there is no start function that must return before the next
// child starts, and no brutal kill.
package supervise
