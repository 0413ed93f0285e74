// Package part1 is the first chapter of the workshop: the same work done within
// the request, or after it.
//
//	GET /part1/serial  (or /part1/sync)  uses the resource, then answers OK
//	GET /part1/async                     takes a place, answers OK, uses it later
//
// In both, whether there is room is decided before anything is started, by the
// resource and in one step. A refusal is answered with the status of
// [Settings]; a resource that is restarting with 503.
//
// Async work outlives its request, but not the chapter: it runs in goroutines
// that [Part.Serve] owns, and ends with it. A panic in it is logged, ends
// nothing else, and leaves no count behind.
package part1
