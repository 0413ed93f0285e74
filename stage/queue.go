package stage

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// QueueConfig are the settings of a queue. The zero value is good.
type QueueConfig struct {
	// Buffer is how many events may wait, those to be retried later included.
	// Events that come back (a retry that is due, what a stage returns) are never
	// refused and may exceed it. 0: 1024, since there is no queue without room. To
	// 10,000,000. Memory is used for what is there, not for what may be.
	Buffer int
	// Overflow says what becomes of one event more. Default: Refuse.
	Overflow OverflowMode
	// OnDrop is told how many events were dropped, by the goroutine that pushed, who
	// also gets its panics. Required by the modes that drop.
	OnDrop func(n int)
	// FedBy are the stages whose handlers push into this queue, if nobody else
	// does. It closes when all of them have ended, and not when a drain begins, so
	// that a drain goes through the pipeline in its order. It is read by NewQueue
	// alone.
	FedBy []Stage
}

const (
	defaultBuffer = 1024
	maxBuffer     = 10_000_000
)

func (cfg QueueConfig) check(of string) error {
	switch {
	case cfg.Buffer < 0 || cfg.Buffer > maxBuffer:
		return &SettingError{of, "Buffer", cfg.Buffer, "0 to 10,000,000"}
	case cfg.Overflow > DropNewest:
		return &SettingError{of, "Overflow", cfg.Overflow, "Refuse, DropOldest or DropNewest"}
	case cfg.Overflow != Refuse && cfg.OnDrop == nil:
		return &SettingError{of, "OnDrop", "nil", "a function, since the queue drops events"}
	}
	return nil
}

// Queue is an outlet that is fed from outside: by HTTP handlers, by callbacks, by
// tests. It takes events before its pipeline runs, and while it does not. All its
// methods may be called at any time and from any goroutine.
type Queue[T any] struct {
	base
	hub *hub[T]

	fedMu sync.Mutex // guards what follows
	fedBy []node     // those that have not ended
}

// NewQueue makes a queue.
func NewQueue[T any](p *Pipeline, name string, cfg QueueConfig) *Queue[T] {
	q := &Queue[T]{}
	q.pipe, q.name, q.kind = p, name, "queue"
	q.wrong = cfg.check(name)
	q.hub = newHub[T](p, name, defaultBuffer)
	q.hub.configure(cfg)
	for _, s := range cfg.FedBy {
		if q.wrong = cmp.Or(q.wrong, mayFeed(name, p, s)); q.wrong == nil {
			q.fedBy = append(q.fedBy, s)
		}
	}
	q.hub.from = slices.Clone(q.fedBy)
	p.add(q, q.hub)
	for _, n := range slices.Clone(q.fedBy) { // one that has left before will not say so again
		if n.about().hasLeft() {
			q.feederEnded(n)
		}
	}
	return q
}

// mayFeed says why s cannot be one that feeds a queue.
func mayFeed(queue string, p *Pipeline, s Stage) error {
	const want = "consumers and spawners of the same pipeline"
	switch {
	case s == nil:
		return &SettingError{queue, "FedBy", "nil", want}
	case s.feeds() || s.about().pipe != p:
		return &SettingError{queue, "FedBy", s.Name(), want}
	}
	return nil
}

func (q *Queue[T]) outlet(of string, set subSettings) (*hub[T], error) {
	return q.hub.plain(of, set)
}

// Push accepts ev, and waits for room while there is none: for ever, if nothing
// takes events yet and ctx does not end. It fails with the cause of ctx, ErrClosed
// or ErrSealed; then the event was not accepted. Those who wait are served in
// order, before any TryPush.
func (q *Queue[T]) Push(ctx context.Context, ev T) error { return q.hub.pushOne(ctx, ev) }

// TryPush accepts ev if there is room now. It fails with ErrFull, ErrClosed or
// ErrSealed, at no cost of memory. A queue that drops never is full: with
// DropNewest nil may mean that the event was accepted and dropped at once.
func (q *Queue[T]) TryPush(ev T) error { return q.hub.try(ev) }

// PushAll accepts evs, in order, and waits for room as Push does. It says how
// many were accepted: a first part of evs. Other pushers may come in between
// when it has to wait.
func (q *Queue[T]) PushAll(ctx context.Context, evs []T) (int, error) {
	return q.hub.put(ctx, &pusher[T]{evs: evs})
}

// Do accepts ev as Push does and waits for its final outcome: nil when it was
// handled, else the error that it failed with, or ErrDropped. When ctx ends
// before the event was accepted, Do returns its cause; after that, an error that
// is both ErrPending and its cause: the event goes on.
func (q *Queue[T]) Do(ctx context.Context, ev T) error { return q.hub.do(ctx, ev) }

// Flush waits until everything that was accepted before the call has its final
// outcome, or until ctx ends, whose cause it returns.
func (q *Queue[T]) Flush(ctx context.Context) error { return q.hub.flush(ctx) }

// Len is how many events wait in the buffer.
func (q *Queue[T]) Len() int {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	return q.hub.buffer.count
}

// InSystem is how many events were accepted and have no final outcome yet: what
// one that is pushed now would find.
func (q *Queue[T]) InSystem() int {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	return q.hub.inSystem()
}

// Close ends the intake for good. The subscribers see the end of the queue when
// everything in it is settled. Pushers that wait are refused.
func (q *Queue[T]) Close() { q.hub.close(nil) }

// Leave closes the queue, and takes it out of its pipeline when nothing is left in
// it: it is in no snapshot then, and its name is free. A queue that was refused
// for its settings is gone at once.
func (q *Queue[T]) Leave() {
	q.hub.leave(func() { q.pipe.removeOutlet(q, q.hub) })
	q.hub.close(nil)
	q.pipe.forgive(q.wrong)
}

// Seal refuses pushes with ErrSealed until Unseal. Pushers that wait are refused;
// what was accepted goes on.
func (q *Queue[T]) Seal() { q.hub.seal(true) }

// Unseal ends a Seal.
func (q *Queue[T]) Unseal() { q.hub.seal(false) }

// Pause stops the hand-out of this queue, as [Pipeline.Pause] does of all.
func (q *Queue[T]) Pause() { q.hub.pause(true) }

// Resume ends a Pause.
func (q *Queue[T]) Resume() { q.hub.pause(false) }

// Rebalance takes what was dealt out to inboxes, and no handler has begun, back
// to the head of the queue and deals it out anew, one by one, to demand as fresh
// subscriptions have it, so that workers who came late get their part. The queue
// stands still meanwhile, for about half a microsecond for each event.
func (q *Queue[T]) Rebalance() { q.hub.rebalance() }

// Config are the settings in force, zeros filled in.
func (q *Queue[T]) Config() QueueConfig {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	return QueueConfig{Buffer: q.hub.capacity, Overflow: q.hub.overflow, OnDrop: q.hub.onDrop}
}

// Set puts other settings in force, all of them. A smaller buffer drops nothing: it refuses
// until there is room again. It fails with a [*SettingError] and changes nothing.
func (q *Queue[T]) Set(cfg QueueConfig) error {
	if err := cfg.check(q.name); err != nil {
		return err
	}
	if cfg.Overflow != Refuse && q.hub.lanes != nil {
		return &SettingError{q.name, "Overflow", cfg.Overflow, "Refuse, as it is a Partition"}
	}
	q.hub.configure(cfg)
	return nil
}

// Serve only waits: until the queue has ended, then it returns nil, or until ctx
// ends, then its cause. The queue itself needs no goroutine. It is there so that
// a queue can stand in a tree of services, as a child that is not started again
// after a normal end, and so that Run knows when it is done.
func (q *Queue[T]) Serve(ctx context.Context) error { return q.serve(ctx, func() {}) }

func (q *Queue[T]) serve(ctx context.Context, began func()) (err error) {
	ctx, err = q.begin(ctx)
	if err != nil {
		return err
	}
	e := ending{state: StateFailed, err: &StageError{q.name, ErrGoexit}} // unless the hook returns
	defer func() {
		q.end(e)
		err = q.tellEnd(e)
	}()
	q.pipe.tell(StageStarted{q.name, q.kind})
	began()
	select {
	case <-q.hub.done:
		e = ending{state: StateDone}
	case <-ctx.Done():
		e = ending{state: StateStopped, err: context.Cause(ctx)}
	}
	return nil
}

func (q *Queue[T]) snapshot() StageSnapshot { return q.base.read() }

// drain closes the queue, unless that is up to those who feed it.
func (q *Queue[T]) drain() {
	q.fedMu.Lock()
	fed := len(q.fedBy) > 0
	q.fedMu.Unlock()
	if !fed {
		q.hub.close(nil)
	}
}

// feederEnded closes the queue after the last of those who feed it.
func (q *Queue[T]) feederEnded(n node) {
	q.fedMu.Lock()
	had := len(q.fedBy) > 0
	q.fedBy = slices.DeleteFunc(q.fedBy, func(other node) bool { return other == n })
	last := had && len(q.fedBy) == 0
	q.fedMu.Unlock()
	if last {
		q.hub.close(nil)
	}
}

func (q *Queue[T]) fail(err error) {}
func (q *Queue[T]) feeds() bool    { return true }

// pushOne tries first, and makes a pusher only to wait.
func (h *hub[T]) pushOne(ctx context.Context, ev T) error {
	if h.lanes != nil {
		return h.pushLane(ctx, ev)
	}
	h.mu.Lock()
	err := h.tryLocked(ev)
	if err == nil {
		h.balance()
	}
	h.unlock()
	if err == nil {
		return nil
	}
	p := &pusher[T]{one: [1]T{ev}}
	p.evs = p.one[:]
	_, err = h.put(ctx, p)
	return err
}

func (h *hub[T]) configure(cfg QueueConfig) {
	h.mu.Lock()
	h.capacity, h.overflow, h.onDrop = cfg.Buffer, cfg.Overflow, cfg.OnDrop
	if h.capacity <= 0 {
		h.capacity = defaultBuffer
	}
	if h.overflow != Refuse {
		h.admitAll()
	}
	h.balance()
	h.unlock()
}

func (h *hub[T]) seal(sealed bool) {
	h.mu.Lock()
	h.sealed = sealed
	if sealed {
		h.refuseAll(ErrSealed)
	}
	h.balance()
	h.unlock()
}
