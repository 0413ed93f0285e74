// Package part2 is the second chapter of the workshop: work that waits in a queue
// until somebody has asked for it.
//
//	GET or POST /part2/genstage  (or /part2/async)  enqueues one event, answers OK
//
// Events wait in the queue of the "producer". They are taken by "consumer-1" to
// "consumer-N", one event at a time each, or by the "consumer-supervisor", which
// runs each in a goroutine of its own; both use the resource and nothing else. All
// of them are children of one supervisor, one_for_one, so a person finds them in
// the tree. The queue outlives its nodes: whatever crashes,
// is killed, or is changed while events flow, each accepted event stays in the
// books until it is done or has failed.
//
// An event whose use of the resource fails is tried again, after a pause that
// doubles, until its attempts are spent; a resource that is full or restarting
// spends none.
package part2
