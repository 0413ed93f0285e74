package stage

import (
	"context"
	"errors"
)

// door is the gate of a stage that makes events: it is open while somebody wants
// them.
type door[T any] struct{ hub *hub[T] }

func (d door[T]) open(w *waiter) bool {
	h := d.hub
	h.mu.Lock()
	w.back()
	wanted := h.want() > 0
	if wanted {
		h.makers.call(&h.wakes) // perhaps more than this one makes
	} else {
		h.makers.push(w)
	}
	h.unlock()
	return wanted
}

func (d door[T]) leave(w *waiter) {
	h := d.hub
	h.mu.Lock()
	w.back()
	h.balance()
	h.unlock()
}

// emitter hands on what one worker makes, during one call of its handler.
type emitter[T any] struct {
	hub *hub[T]
	ctx context.Context // of the call
	err error           // why something was not handed on

	gathered []T
	pusher   pusher[T]
}

var errNoCall = errors.New("stage: emit after its handler has returned")

// gathers is how many events a slice handler's emitter keeps before it hands them
// on together.
const gathers = 256

func newEmitter[T any](h *hub[T]) *emitter[T] { return &emitter[T]{hub: h, err: errNoCall} }

// one hands an event on at once, and waits while there is no room.
func (e *emitter[T]) one(ev T) error {
	if e.err == nil {
		e.err = e.hub.pushOne(e.ctx, ev)
	}
	return e.err
}

// gather keeps an event, to be handed on with others.
func (e *emitter[T]) gather(ev T) error {
	if e.err == nil {
		if e.gathered = append(e.gathered, ev); len(e.gathered) == gathers {
			e.flush()
		}
	}
	return e.err
}

func (e *emitter[T]) flush() {
	if e.err == nil && len(e.gathered) > 0 {
		e.pusher.evs = e.gathered
		_, e.err = e.hub.put(e.ctx, &e.pusher)
		e.pusher.evs = nil
	}
	clear(e.gathered) // so that nothing they point to lingers
	e.gathered = e.gathered[:0]
}

// begin is the begin of a call; what one that panicked left is forgotten.
func (e *emitter[T]) begin(ctx context.Context) {
	e.ctx, e.err = ctx, nil
	clear(e.gathered)
	e.gathered = e.gathered[:0]
}

// end is the end of a call that returned err.
func (e *emitter[T]) end(err error) error {
	if names(err) {
		e.flush()
	}
	if e.err != nil && names(err) {
		err = e.err // a handler that did not look whether it could be handed on
	}
	e.ctx, e.err = nil, errNoCall
	return err
}
