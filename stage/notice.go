package stage

import (
	"fmt"
	"time"
)

// Notice is something that happened in a pipeline, as Config.Hook is told it. The
// types are those below; more may come. As text it is a line for a log.
type Notice interface {
	String() string
	notice()
}

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

// EventsDropped: in one of its steps an outlet dropped N events, for it overflowed, or
// its subscriber of a [Broadcast] lagged or was cancelled.
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

func (StageStarted) notice()  {}
func (StageEnded) notice()    {}
func (Subscribed) notice()    {}
func (Unsubscribed) notice()  {}
func (EventsDropped) notice() {}
func (EventFailed) notice()   {}
func (SourceFailed) notice()  {}

func (n StageStarted) String() string { return n.Kind + " " + n.Stage + " started" }

func (n StageEnded) String() string {
	if n.Err != nil {
		return fmt.Sprintf("%s %v: %v", n.Stage, n.State, n.Err)
	}
	return fmt.Sprintf("%s %v", n.Stage, n.State)
}

func (n Subscribed) String() string { return n.Stage + " takes from " + n.Outlet }

func (n Unsubscribed) String() string {
	if n.Err != nil {
		return fmt.Sprintf("%s takes no more from %s: %v", n.Stage, n.Outlet, n.Err)
	}
	return n.Stage + " takes no more from " + n.Outlet
}

func (n EventsDropped) String() string {
	return fmt.Sprintf("%s dropped %d", n.Outlet, n.N)
}

func (n EventFailed) String() string {
	return fmt.Sprintf("event %d of %s failed in %s, attempt %d, %v: %v", n.Seq, n.Outlet, n.Stage, n.Attempt, n.Action, n.Err)
}

func (n SourceFailed) String() string {
	return fmt.Sprintf("source of %s failed %d times, again in %v: %v", n.Stage, n.Failures, n.Retry, n.Err)
}

// Handled is one call of a handler and what became of its events, as
// Config.Observe and the Observe of a stage are told it.
type Handled struct {
	Stage, Outlet string
	Seq           uint64    // of the first event
	Events        int       // in the call; 1 for a single-event handler
	Attempt       int       // of the first event: uses that counted, this one included
	Accepted      time.Time // when the first was accepted

	BufferWait time.Duration // of the first event: from acceptance to hand-out
	InboxWait  time.Duration // from hand-out to the call
	Service    time.Duration // the call

	Done, Failed, Retried, Returned int   // how many of Events became what
	Err                             error // why the first of them failed that did
}

// tell calls the hook, if there is one.
func (p *Pipeline) tell(n Notice) {
	if p.cfg.Hook != nil {
		p.cfg.Hook(n)
	}
}

func (h *hub[T]) tellDrop(onDrop func(int), n int) {
	if onDrop != nil {
		onDrop(n)
	}
	h.pipe.tell(EventsDropped{h.name, n})
}

// handled tells the observers of a call whose hand has not been settled yet.
func (in *inlet[T]) handled(hd *hand[T], now int64) {
	if in.observe == nil && in.pipe.cfg.Observe == nil {
		hd.letGo()
		return
	}
	defer hd.letGo() // whatever the observers do
	r := in.report(hd, now)
	if in.observe != nil {
		in.observe(r, hd.evs)
	}
	if in.pipe.cfg.Observe != nil {
		in.pipe.cfg.Observe(r)
	}
}

func (in *inlet[T]) report(hd *hand[T], now int64) Handled {
	seq, stamp, attempt, _ := hd.place(0)
	r := Handled{
		Stage: in.name, Outlet: hd.sub.hub.name, Seq: seq, Events: hd.n, Attempt: attempt + 1,
		Accepted: in.pipe.epoch.Add(ns(stamp)), BufferWait: ns(hd.inboxed - stamp),
		InboxWait: ns(hd.taken - hd.inboxed), Service: ns(now - hd.taken),
		Done: hd.n - len(hd.fates),
	}
	for _, f := range hd.fates {
		if r.Err == nil {
			r.Err = f.err
		}
		switch {
		case f.settles():
			r.Failed++
		case f.back || f.what == Stop:
			r.Returned++
		default:
			r.Retried++
		}
	}
	return r
}
