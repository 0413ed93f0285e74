package supervise

import (
	"fmt"
	"strings"
	"time"
)

// Event is what a tree tells its hook; one of [Started], [Ended], [Restarting],
// [Stuck], [Removed], [GaveUp]. Its String is made for a line of a log.
type Event interface {
	fmt.Stringer
	event()
}

// About says whom an event is about, and when it happened.
type About struct {
	Tree  string // the Name in its Config
	Child string
	At    time.Time
}

// Started tells that a child's Serve is being called.
type Started struct{ About }

// Ended tells that a child's Serve has ended.
type Ended struct {
	About
	Err    error // what Serve returned; a *[PanicError] after a panic; nil after a plain return
	Asked  bool  // it had been told to stop, or was killed
	Failed bool  // the end counts as abnormal
}

// Restarting tells that a child is about to be started again since it ended.
// Those siblings that the [Strategy] has restarted with it end and start without
// an event of this kind: there is one for each restart that the intensity counts.
type Restarting struct {
	About
	Restarts int // how often that has happened to it, this time included
}

// Stuck tells that a child has not returned in its time to stop.
type Stuck struct {
	About
	After time.Duration // its time to stop
}

// Removed tells that a child has left the tree, by [Tree.Remove] or since it is
// to be forgotten; its name is free. What leaves while the tree is not served is
// told when it is served again, and who was never started leaves in silence.
type Removed struct{ About }

// GaveUp tells that the tree ends because of too many restarts.
type GaveUp struct {
	About
	Err *IntensityError
}

func (Started) event()    {}
func (Ended) event()      {}
func (Restarting) event() {}
func (Stuck) event()      {}
func (Removed) event()    {}
func (GaveUp) event()     {}

func (a About) who() string { return a.Tree + "/" + a.Child }

func (e Started) String() string { return e.who() + " started" }

func (e Ended) String() string {
	if e.Err == nil {
		return e.who() + " ended"
	}
	return e.who() + " ended: " + oneLine(e.Err)
}

func (e Restarting) String() string {
	return fmt.Sprintf("%s is restarted, %d so far", e.who(), e.Restarts)
}

func (e Stuck) String() string {
	return fmt.Sprintf("%s is stuck: it did not return within %v", e.who(), e.After)
}

func (e Removed) String() string { return e.who() + " has left the tree" }

func (e GaveUp) String() string { return oneLine(e.Err) }

// oneLine keeps a line of a log a line: joined errors have several.
func oneLine(err error) string { return strings.ReplaceAll(fmt.Sprint(err), "\n", "; ") }
