package profile

import (
	"strings"

	"github.com/google/pprof/profile"
)

// State is what goroutines do, in a word.
type State string

// The states, as far as a stack tells them.
const (
	Running   State = "running"   // or ready to
	Sleeping  State = "sleep"     // in time.Sleep
	Network   State = "network"   // waits for a socket or a file
	Selecting State = "select"    // waits for one of several: channels, a timer, the end of a context
	Receiving State = "receive"   // waits for something from a channel
	Sending   State = "send"      // waits for a channel to take something
	Locking   State = "lock"      // waits for a lock
	Joining   State = "join"      // waits for others to end, in a WaitGroup
	Waiting   State = "condition" // waits in a sync.Cond
	Signals   State = "signal"    // waits for a signal of the system
	Parked    State = "parked"    // waits for something else
)

// parks tell by which function of the runtime or of the standard library a
// goroutine came to wait; the first that is in the stack decides.
var parks = []struct {
	function string
	state    State
}{
	{"time.Sleep", Sleeping},
	{"internal/poll.runtime_pollWait", Network},
	{"runtime.selectgo", Selecting},
	{"runtime.chanrecv", Receiving},
	{"runtime.chansend", Sending},
	{"sync.runtime_SemacquireWaitGroup", Joining},
	{"sync.runtime_SemacquireRWMutex", Locking},
	{"internal/sync.runtime_SemacquireMutex", Locking},
	{"sync.runtime_SemacquireMutex", Locking},
	{"sync.runtime_notifyListWait", Waiting},
	{"os/signal.signal_recv", Signals},
}

// mostFrames is how far in a goroutine that waits is looked at: what it waits in is
// among its innermost functions.
const mostFrames = 8

func stateOf(stack []profile.Line) State {
	if len(stack) == 0 || stack[0].Function == nil || stack[0].Function.Name != "runtime.gopark" {
		return stateOfTop(stack)
	}
	for _, line := range stack[:min(len(stack), mostFrames)] {
		for _, p := range parks {
			if line.Function != nil && strings.HasPrefix(line.Function.Name, p.function) {
				return p.state
			}
		}
	}
	return Parked
}

// stateOfTop is for stacks that do not begin with runtime.gopark: signals wait in
// a note of the runtime, all others run.
func stateOfTop(stack []profile.Line) State {
	for _, line := range stack[:min(len(stack), mostFrames)] {
		if line.Function != nil && line.Function.Name == "os/signal.signal_recv" {
			return Signals
		}
	}
	return Running
}
