package stage

import (
	"context"
	"errors"
)

// judge decides what becomes of the i-th event in hand, which failed.
func (in *inlet[T]) judge(ctx context.Context, hd *hand[T], i int, err error) fate {
	if ctx.Err() != nil && !isPanic(err) {
		return fate{i: i, back: true} // it was told to leave: not the event's failure
	}
	seq, _, attempt, tries := hd.place(i)
	f := Failure[T]{Stage: in.name, Event: hd.evs[i], Seq: seq, Attempt: attempt + 1, Tries: tries + 1, Err: err}
	v := in.verdict(f)
	if in.onErr == nil {
		in.limits.note(in.pipe, in.name, f.Attempt, err)
	}
	if v.Action > Stop {
		in.pipe.cfg.Logger.Error("error policy said what there is not; the event counts as failed", "stage", in.name, "action", uint8(v.Action))
		v = Verdict{}
	}
	in.pipe.tell(EventFailed{in.name, hd.sub.hub.name, seq, f.Attempt, v.Action, err})
	switch v.Action {
	case DeadLetter:
		if dead := in.deadHub(); dead != nil && !in.bury(ctx, dead, f) {
			return fate{i: i, back: true}
		}
	case Stop:
		in.conclude(ending{state: StateFailed, err: &StageError{in.name, err}})
	}
	return fate{i: i, what: v.Action, after: v.After, unspent: v.Unspent, err: err}
}

// bury puts a failure into the dead letters, waiting for room.
func (in *inlet[T]) bury(ctx context.Context, dead *hub[Failure[T]], f Failure[T]) bool {
	p := &pusher[Failure[T]]{one: [1]Failure[T]{f}}
	p.evs = p.one[:]
	_, err := dead.put(ctx, p)
	return err == nil || errors.Is(err, ErrClosed) || ctx.Err() == nil // else only counted
}

// verdict asks the policy; one that panics gives the event up.
func (in *inlet[T]) verdict(f Failure[T]) (v Verdict) {
	if in.onErr == nil {
		return Verdict{}
	}
	defer func() {
		if x := recover(); x != nil {
			v = Verdict{}
			in.pipe.cfg.Logger.Error("error policy panicked; the event counts as failed", "stage", in.name, "panic", x)
		}
	}()
	return in.onErr(f)
}

func isPanic(err error) bool {
	_, is := errors.AsType[*PanicError](err)
	return is || errors.Is(err, ErrGoexit)
}

// DeadLetters is the outlet of the events that the policy gave up with DeadLetter,
// under the name of the stage and "/dead-letters", of type Failure of what the stage
// takes. It has room for 1024; when it is full the handlers that add to it wait: who
// asks for it has to see that it is taken. It ends after the stage, when all in it is
// taken. Before it was asked for, and once it has ended, such events are only counted.
func (in *inlet[T]) DeadLetters() Outlet[Failure[T]] {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.dead == nil {
		if err := in.pipe.mayName(in.name, in.name+"/dead-letters"); err != nil {
			return refusal[Failure[T]]{err}
		}
		in.dead = newHub[Failure[T]](in.pipe, in.name+"/dead-letters", defaultBuffer)
		in.dead.from = []node{in.self}
		in.pipe.addHub(in.dead)
	}
	return in.dead
}

func (in *inlet[T]) deadHub() *hub[Failure[T]] {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.dead
}
