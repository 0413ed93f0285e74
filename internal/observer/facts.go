package observer

import "time"

// Facts are what a room tells of one of its nodes in the tree, at one moment. What
// it does not know it leaves out. Counts and sums grow since the last reset of the
// lab.
type Facts struct {
	Doing  string // what it does now, in words: "2 uses going on"
	Queue  int    // what waits for it
	Queued string // what that is: "events in its inbox"; empty: it has no queue

	Busy   float64 // seconds at work, summed over all that work at one time
	Works  bool    // it tells Busy
	Slots  int     // how many can be at work at one time; 0: no limit
	Counts bool    // it tells Done
	Done   uint64  // pieces of work that are over

	Wait    Sum // in its queue
	Service Sum // at work

	More []Fact // whatever else is worth knowing
	Loss string // what becomes of its work when it is killed, as a sentence
}

// Sum is a time, in seconds, added up over so many pieces of work. It is no
// Duration, since a million pieces at one time would overflow that within hours.
type Sum struct {
	Count   uint64
	Seconds float64
}

// Mean is the time of one; false: there is none.
func (s Sum) Mean() (time.Duration, bool) {
	if s.Count == 0 {
		return 0, false
	}
	return time.Duration(s.Seconds / float64(s.Count) * float64(time.Second)), true
}

// less is what came after an earlier sum.
func (s Sum) less(earlier Sum) Sum { return Sum{s.Count - earlier.Count, s.Seconds - earlier.Seconds} }

// Fact is one thing in words.
type Fact struct{ Label, Value string }

// Switch is what can be paused.
type Switch struct {
	Pause, Resume func()
	Paused        func() bool
}
