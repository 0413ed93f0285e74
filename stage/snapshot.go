package stage

import "time"

// Snapshot is a pipeline at one moment: plain data, which nobody changes
// afterwards. The numbers of one outlet agree with each other, since they are
// read under one lock; those of different outlets are merely recent.
type Snapshot struct {
	At      time.Time        `json:"at"`
	Outlets []OutletSnapshot `json:"outlets"`
	Stages  []StageSnapshot  `json:"stages"`
}

// Outlet is the outlet of that name, or nil.
func (s Snapshot) Outlet(name string) *OutletSnapshot {
	for i := range s.Outlets {
		if s.Outlets[i].Name == name {
			return &s.Outlets[i]
		}
	}
	return nil
}

// Stage is the stage of that name, or nil.
func (s Snapshot) Stage(name string) *StageSnapshot {
	for i := range s.Stages {
		if s.Stages[i].Name == name {
			return &s.Stages[i]
		}
	}
	return nil
}

// OutletSnapshot is one outlet, and what became of all that was accepted by it: so the
// failures of a stage are in the numbers of the outlets that it takes from, and those
// of a transform's own outlet are about what it made.
//
//	Accepted = Done + Failed + Dropped + Delayed + Buffer + Inboxes + Hands
type OutletSnapshot struct {
	Name     string      `json:"name"`
	FedBy    []string    `json:"fed_by"` // stages; empty: fed from outside
	State    OutletState `json:"state"`
	Paused   bool        `json:"paused"`
	Capacity int         `json:"capacity"` // of Buffer and Delayed together

	Accepted uint64 `json:"accepted"`
	Done     uint64 `json:"done"`     // the handler returned nil
	Failed   uint64 `json:"failed"`   // verdict drop or dead letter; a partition's Key that panicked
	Dropped  uint64 `json:"dropped"`  // by overflow, by Lag, or with a cancelled subscription to a broadcast
	Delayed  int    `json:"delayed"`  // to be retried later
	Buffer   int    `json:"buffer"`   // waiting for demand
	Inboxes  int    `json:"inboxes"`  // dealt out, not begun
	Hands    int    `json:"hands"`    // in a handler
	Blocked  int    `json:"blocked"`  // of Buffer: behind an event of their partition
	Pushers  int    `json:"pushers"`  // calls of Push and PushAll that wait for room
	Rejected uint64 `json:"rejected"` // pushes that were refused: never accepted
	Retried  uint64 `json:"retried"`  // verdicts to retry

	Partitions int `json:"partitions"` // 0: events may be handled in any order

	Idle   int `json:"idle"`   // workers of lazy subscriptions with nothing to do
	Credit int `json:"credit"` // asked ahead by prefetching subscriptions, not served yet
	Want   int `json:"want"`   // what a source would be asked for now

	RateIn  float64       `json:"rate_in"`   // events accepted per second, over the last second
	RateOut float64       `json:"rate_out"`  // events done or failed per second
	Oldest  time.Duration `json:"oldest_ns"` // how long the first in the buffer has waited

	// Each hand-out counts in the waits, so that what is tried again counts anew, each
	// time from when it was accepted first. Service and Total are of events that are done
	// or failed: Service is that of the last try, and of a transform it includes the
	// waits of emit. What all tries took together is SubscriptionSnapshot.Service. What a
	// stage makes is a new event, with times of its own: for the time from end to end put
	// the beginning into your event.

	BufferWait Histogram `json:"buffer_wait_ms"` // from acceptance to hand-out
	InboxWait  Histogram `json:"inbox_wait_ms"`  // from hand-out to the handler
	Service    Histogram `json:"service_ms"`     // in the call of the handler that had the event
	Total      Histogram `json:"total_ms"`       // from acceptance to the final outcome

	Subscriptions []SubscriptionSnapshot `json:"subscriptions"`
}

// InSystem is how many events were accepted and have no final outcome yet.
func (o OutletSnapshot) InSystem() int { return o.Delayed + o.Buffer + o.Inboxes + o.Hands }

// SubscriptionSnapshot is one stage's part in an outlet.
type SubscriptionSnapshot struct {
	Stage    string `json:"stage"`
	Prefetch bool   `json:"prefetch"` // else lazy
	Max      int    `json:"max"`      // of its demand; lazy: of a slice
	Min      int    `json:"min"`      // of its demand; lazy: 0
	Manual   bool   `json:"manual"`   // asks only as it is told to
	Where    bool   `json:"where"`    // of a broadcast: some events are kept from it
	Lag      int    `json:"lag"`      // of a broadcast: so far it may fall behind; 0: it is waited for
	Attached bool   `json:"attached"` // its stage serves
	Leaving  bool   `json:"leaving"`  // cancelled, but for what is in hand

	Credit  int           `json:"credit"`  // asked for, not served yet
	Inbox   int           `json:"inbox"`   // dealt out, not begun
	Hands   int           `json:"hands"`   // in its handlers
	Idle    int           `json:"idle"`    // prefetching workers with nothing to do
	Rate    float64       `json:"rate"`    // events a second that it may begin with; 0: as many as come
	Held    int           `json:"held"`    // workers that wait for that
	Workers int           `json:"workers"` // all its workers; of a spawner: tasks at work, and those it could start
	Busy    int           `json:"busy"`    // of these, workers (or tasks) with events in hand
	Slice   int           `json:"slice"`   // events that a worker may have at once now
	Done    uint64        `json:"done"`
	Failed  uint64        `json:"failed"`
	Retried uint64        `json:"retried"`
	Service time.Duration `json:"service_ns"` // time in handlers, of all workers together, ended calls only
	Begun   uint64        `json:"begun"`      // events that were given to a handler, each as often as it was
	Waited  time.Duration `json:"waited_ns"`  // time that those spent in the inbox

	// Occupied is the time that its workers have had something in hand since the last
	// reset, of all together, calls that go on included. Over a stretch of time
	// its growth is how many were busy on average.
	Occupied time.Duration `json:"occupied_ns"`
}

// OutletState says what an outlet takes.
type OutletState uint8

// The states of an outlet.
const (
	OutletOpen   OutletState = iota
	OutletSealed             // refuses pushes for now
	OutletClosed             // takes nothing more; works off what it has
	OutletEnded              // nothing is left
)

func (s OutletState) String() string {
	if s > OutletEnded {
		return "unknown state"
	}
	return [...]string{"open", "sealed", "closed", "ended"}[s]
}

// MarshalText writes the word.
func (s OutletState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// StageSnapshot is one stage.
type StageSnapshot struct {
	Name     string        `json:"name"`
	Kind     string        `json:"kind"` // queue, producer, transform, consumer, spawner, …
	State    State         `json:"state"`
	Workers  int           `json:"workers"`            // goroutines that handle events, or tasks
	Target   int           `json:"target"`             // workers wanted, or tasks at most
	Batches  int           `json:"batches"`            // of a batcher: those that have not left
	Gathered int           `json:"gathered"`           // events in these
	Failures int           `json:"failures"`           // of a source, in a row
	Retry    time.Duration `json:"retry_ns"`           // of a source: until it is asked again
	Err      string        `json:"last_err,omitempty"` // what ended it last, or its source's last failure
}

// State says what a stage does.
type State uint8

// The states of a stage.
const (
	StateReady   State = iota // made, not served yet
	StateRunning              // its Serve runs
	StateBackOff              // a source failed and is asked again later
	StateLeaving              // takes nothing more, finishes what is in hand
	StateDone                 // ended in order
	StateFailed               // ended with an error; Serve may be called again
	StateStopped              // was told to end; Serve may be called again
)

func (s State) String() string {
	if s > StateStopped {
		return "unknown state"
	}
	return [...]string{"ready", "running", "backing off", "leaving", "done", "failed", "stopped"}[s]
}

// MarshalText writes the word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// snapshot reads the hub in one step.
func (h *hub[T]) snapshot(into *OutletSnapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read(into)
}

// read fills a snapshot in place: it is 9 KiB, and the lock is held meanwhile.
func (h *hub[T]) read(into *OutletSnapshot) {
	now := h.clock()
	h.stamps.pass(now)
	*into = OutletSnapshot{
		Name: h.name, State: h.state(), Paused: h.paused, Capacity: h.capacity,
		Accepted: h.books.accepted, Done: h.books.done, Failed: h.books.failed, Dropped: h.books.dropped,
		Delayed: len(h.delayed), Buffer: h.buffer.count, Inboxes: h.books.inboxes, Hands: h.books.hands,
		Pushers: h.pushers.count, Rejected: h.books.rejected, Retried: h.books.retried,
		Idle: h.idle.count, Credit: h.line.total, Want: h.want(),
		RateIn:     h.meters.in.perSecond(now, h.books.accepted),
		RateOut:    h.meters.out.perSecond(now, h.books.done+h.books.failed),
		BufferWait: h.meters.bufferWait, InboxWait: h.meters.inboxWait,
		Service: h.meters.service, Total: h.meters.total,
		Subscriptions: make([]SubscriptionSnapshot, len(h.subs)),
	}
	if h.lanes != nil {
		into.Partitions, into.Blocked = len(h.lanes.all), h.buffer.count-h.lanes.open
		into.Pushers = h.lanes.waiting
		into.Oldest = time.Duration(max(0, now-h.lanes.oldest(now)))
	} else if h.buffer.count > 0 {
		into.Oldest = time.Duration(max(0, now-h.buffer.oldest()))
	}
	for _, n := range h.from {
		into.FedBy = append(into.FedBy, n.about().name)
	}
	for i, s := range h.subs {
		into.Subscriptions[i] = s.read(now)
	}
}

func (h *hub[T]) state() OutletState {
	switch {
	case h.ended:
		return OutletEnded
	case h.closed:
		return OutletClosed
	case h.sealed:
		return OutletSealed
	}
	return OutletOpen
}

func (s *sub[T]) read(now int64) SubscriptionSnapshot {
	r := SubscriptionSnapshot{
		Stage: s.stage, Prefetch: s.handout == prefetch, Attached: s.attached, Leaving: s.leaving,
		Where: s.where, Lag: s.lag,
		Credit: s.claim.credit, Inbox: s.inbox.count, Hands: s.hands, Rate: s.bucket.rate, Held: s.held.count,
		Idle: s.idle.count, Workers: s.crew, Slice: s.atOnce(),
		Done: s.done, Failed: s.failed, Retried: s.retried, Busy: s.busy, Service: time.Duration(s.service),
		Begun: s.begun, Waited: time.Duration(s.waited), Occupied: time.Duration(max(0, s.occupied(now)-s.spentBefore)),
	}
	if r.Prefetch {
		r.Max, r.Min, r.Manual = s.window.max, s.window.min, s.window.manual
		return r
	}
	r.Max = 1
	if s.slices {
		r.Max = s.pace.max
	}
	if s.spawner {
		r.Credit, r.Workers = s.slots, s.busy+max(0, s.slots)
	}
	return r
}

// reset begins the counting anew: what is in the system counts as accepted, all
// else as 0. It tells the numbers as they were.
func (h *hub[T]) reset(was *OutletSnapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read(was)
	now := h.clock()
	h.books.accepted = uint64(h.inSystem())
	h.books.done, h.books.failed, h.books.dropped = 0, 0, 0
	h.books.rejected, h.books.retried = 0, 0
	for _, s := range h.subs {
		s.done, s.failed, s.retried, s.service = 0, 0, 0, 0
		s.begun, s.waited, s.spentBefore = 0, 0, s.occupied(now)
	}
	h.meters.reset(now, h.books.accepted)
}
