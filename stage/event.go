package stage

import (
	"time"
)

// Event is something that happened in a pipeline, as Config.Hook is told it. The
// types are those below; more may come.
type Event interface{ event() }

// StageStarted: Serve of a stage began.
type StageStarted struct{ Stage, Kind string }

// StageEnded: Serve of a stage returned. Err is what it returned.
type StageEnded struct {
	Stage string
	State State
	Err   error
}

// Subscribed: a stage takes from an outlet from now on.
type Subscribed struct{ Stage, Outlet string }

// Unsubscribed: a subscription is over. Err is nil after the end of its outlet
// or a Cancel without a cause.
type Unsubscribed struct {
	Stage, Outlet string
	Err           error
}

// EventsDropped: an outlet overflowed, or in one of its steps did so N times.
type EventsDropped struct {
	Outlet string
	N      int
}

// EventFailed: an event's handler failed, and what the policy decided.
type EventFailed struct {
	Stage, Outlet string
	Seq           uint64
	Attempt       int
	Action        Action
	Err           error
}

// SourceFailed: a Fetch failed, for the Failures-th time in a row; it is called
// again after Retry.
type SourceFailed struct {
	Stage    string
	Err      error
	Failures int
	Retry    time.Duration
}

func (StageStarted) event()  {}
func (StageEnded) event()    {}
func (Subscribed) event()    {}
func (Unsubscribed) event()  {}
func (EventsDropped) event() {}
func (EventFailed) event()   {}
func (SourceFailed) event()  {}

// Handled is one call of a handler and what became of its events, as
// Config.Observe is told it.
type Handled struct {
	Stage, Outlet string
	Seq           uint64        // of the first event
	Events        int           // in the call; 1 for a single-event handler
	Attempt       int           // of the first event: uses that counted, this one included
	Accepted      time.Duration // when the first was accepted, since the pipeline was made

	BufferWait time.Duration // of the first event: from acceptance to hand-out
	InboxWait  time.Duration // from hand-out to the call
	Service    time.Duration // the call

	Done, Failed, Retried, Returned int // how many of Events became what
}

// tell calls the hook, if there is one.
func (p *Pipeline) tell(e Event) {
	if p.cfg.Hook != nil {
		p.cfg.Hook(e)
	}
}

func (h *hub[T]) tellDrop(onDrop func(int), n int) {
	if onDrop != nil {
		onDrop(n)
	}
	h.pipe.tell(EventsDropped{h.name, n})
}

// report tells Config.Observe of a call whose hand has not been settled yet.
func (in *inlet[T]) report(hd *hand[T], now int64) {
	seq, stamp, attempt, _ := hd.place(0)
	r := Handled{
		Stage: in.name, Outlet: hd.sub.hub.name, Seq: seq, Events: hd.n, Attempt: attempt + 1,
		Accepted: ns(stamp), BufferWait: ns(hd.inboxed - stamp),
		InboxWait: ns(hd.taken - hd.inboxed), Service: ns(now - hd.taken),
		Done: hd.n - len(hd.fates),
	}
	for _, f := range hd.fates {
		switch {
		case f.settles():
			r.Failed++
		case f.back || f.what == Stop:
			r.Returned++
		default:
			r.Retried++
		}
	}
	in.pipe.cfg.Observe(r)
}
