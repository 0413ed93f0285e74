package supervise

import "time"

// State is what a child is doing.
type State string

// The states of a child, and of a tree.
const (
	StateIdle       State = "idle"       // was never started
	StateRunning    State = "running"    // its Serve runs
	StateRestarting State = "restarting" // it has ended and is about to be started again: at once, or when its siblings have stopped
	StateStopping   State = "stopping"   // it was told to stop, was killed or removed, or as a tree gave up, and has not returned yet
	StateStuck      State = "stuck"      // the same, and its time to do so is over
	StateFinished   State = "finished"   // returned nil, and is not started again
	StateFailed     State = "failed"     // ended abnormally, and is not started again
	StateStopped    State = "stopped"    // ended because it was told to
)

// Node is a child, or the tree itself, at one moment.
type Node struct {
	Name      string
	Kind      string    // "supervisor" or "worker"
	Strategy  string    // of a supervisor: "one_for_one", "one_for_all", "rest_for_one"
	State     State     // of a tree that runs: running; see the constants
	Since     time.Time // when it came into that state
	Restart   string    // when it is started again: "permanent", "transient", "temporary"; empty for the root
	Restarts  int       // how often its own end had its tree restart it, not a sibling's; 0 for the root
	StartedAt time.Time // its last start; zero if there was none
	LastError string    // its last abnormal end, or what it said last when told to stop, even if it runs again

	// Source is where a reader finds it: for a worker its Serve, for a tree the
	// call of New that declares its children. "example.com/m/pkg/file.go:42";
	// the same whether or not the program was built with -trimpath. Empty if the
	// compiler kept no place, as for a method value: Func(x.Run).
	Source string

	Intensity Intensity // of a supervisor
	Children  []Node    // in start order
}

// Intensity is how many restarts a supervisor bears, and how many it has borne.
type Intensity struct {
	Max    int           // restarts in any stretch as long as Within; one more and it gives up
	Within time.Duration // see [Config]
	Recent []time.Time   // the restarts that count at this moment, oldest first
}

// Spent reports whether one restart more makes the supervisor give up.
func (i Intensity) Spent() bool { return len(i.Recent) >= i.Max }
