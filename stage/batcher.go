package stage

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// BatcherConfig are the settings of a batcher.
type BatcherConfig[K comparable, T any] struct {
	// Key says which batch an event belongs to. It runs in the goroutine of the
	// batcher and must be quick; one that panics, or gives what does not equal itself
	// (a NaN), fails the event. nil: all belong together, and struct{} will do for K.
	Key func(ev T) K
	// Size is how many events a batch has at most: 1 to 1,000,000. 0: 100.
	Size int
	// Weight bounds the sum of what Weigh says of a batch's events, such as their
	// bytes: a batch leaves before it would be exceeded, and an event that is heavier
	// alone is a batch of its own. Both or neither; Weigh is as Key is.
	Weight int
	Weigh  func(ev T) int
	// MaxAge is how long the first event of a batch waits at most for the batch to
	// leave, while somebody wants batches; while nobody does, it is filled rather than
	// sent to wait elsewhere. 0: for ever.
	MaxAge time.Duration
	// MaxOpen is how many batches are gathered at a time: for one key more the oldest
	// leaves as it is. 1 to 1,000,000. 0: 1024.
	MaxOpen int
	// Buffer bounds how many batches wait to be taken; see [QueueConfig]. 0: 16.
	Buffer int
	// OnError and OnEnd are as in [ConsumerConfig]. Only Key and Weigh can fail an
	// event here.
	OnError func(Failure[T]) Verdict
	OnEnd   EndMode
}

const (
	defaultBatch   = 100
	defaultOpen    = 1024
	defaultBatches = 16
	maxBatch       = 1_000_000
)

func (cfg BatcherConfig[K, T]) check(of string) error {
	switch {
	case cfg.Size < 0 || cfg.Size > maxBatch:
		return &SettingError{of, "Size", cfg.Size, "0 to 1,000,000"}
	case cfg.Weight < 0:
		return &SettingError{of, "Weight", cfg.Weight, "0 or more"}
	case (cfg.Weight > 0) != (cfg.Weigh != nil):
		return &SettingError{of, "Weigh", cfg.Weigh != nil, "a function if there is a Weight, and only then"}
	case cfg.MaxAge < 0:
		return &SettingError{of, "MaxAge", cfg.MaxAge, "0 or more"}
	case cfg.MaxOpen < 0 || cfg.MaxOpen > maxBatch:
		return &SettingError{of, "MaxOpen", cfg.MaxOpen, "0 to 1,000,000"}
	}
	return QueueConfig{Buffer: cfg.Buffer}.check(of)
}

// Batcher is a stage that gathers events, by key, into batches: each leaves when it
// is full, heavy enough or old enough. It is an [Outlet] of batches, under its own
// name.
//
// An event is done, for the outlet that it came from, when it is in a batch; the
// batch, once it has left, is an event of the batcher's outlet, and is what is tried
// again. Whatever ends the batcher, what it has gathered leaves then
// ([ReasonFlush]), so that nothing is left in it; its outlet has all of it, even if
// that is more than Buffer.
//
// As a [Transform] it takes events only while batches are wanted.
type Batcher[K comparable, T any] struct {
	inlet[T]
	made  *hub[Batch[K, T]]
	key   func(T) K
	weigh func(T) int
	door  waiter
	flush atomic.Bool

	heldMu sync.Mutex // guards what follows; they are the Serve's to change
	held   batches[K, T]
}

// NewBatcher makes a batcher.
func NewBatcher[K comparable, T any](p *Pipeline, name string, cfg BatcherConfig[K, T]) *Batcher[K, T] {
	b := &Batcher[K, T]{made: newHub[Batch[K, T]](p, name, orElse(cfg.Buffer, defaultBatches)), key: cfg.Key, weigh: cfg.Weigh}
	b.setUp(p, name, "batcher")
	b.self, b.size = b, func() int { return 1 }
	b.slices, b.onErr, b.onEnd = true, cfg.OnError, cfg.OnEnd
	b.held = batches[K, T]{
		size: orElse(cfg.Size, defaultBatch), weight: cfg.Weight, most: orElse(cfg.MaxOpen, defaultOpen), age: int64(cfg.MaxAge),
	}
	b.door.wake = b.changed
	b.made.from = []node{b}
	b.outs = func() []dependent { return []dependent{b.made} }
	if b.wrong = cfg.check(name); b.wrong == nil {
		b.wrong = b.checkInlet()
	}
	p.add(b, b.made)
	return b
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (b *Batcher[K, T]) outlet(of string, set subSettings) (*hub[Batch[K, T]], error) {
	return b.made.plain(of, set)
}

// Flush lets all batches leave that have been gathered so far, however small. It
// does not wait.
func (b *Batcher[K, T]) Flush() {
	b.flush.Store(true)
	poke(b.changed)
}

// Serve gathers until the stage ends, as [Consumer.Serve] does.
func (b *Batcher[K, T]) Serve(ctx context.Context) error { return b.serve(ctx, func() {}) }

func (b *Batcher[K, T]) serve(ctx context.Context, began func()) (err error) {
	ctx, unhook, err := b.open(ctx)
	if err != nil {
		return err
	}
	p := &puller[T]{in: &b.inlet}
	defer func() { err = b.finish(ctx, p) }()
	defer unhook()
	b.announce()
	began()
	for {
		if ctx.Err() != nil {
			b.interrupt(ctx) // now, and not when the context gets round to it
		}
		if b.flush.Swap(false) {
			b.release(ctx, b.held.flush)
		}
		wanted := b.wanted(p)
		took := wanted && b.gather(ctx, p)
		if wanted { // last, for what waits may fill them
			b.release(ctx, func() { b.held.expire(b.pipe.now()) })
		}
		b.consider()
		if b.stop.Load() {
			return nil
		}
		if !took {
			b.wait(wanted)
		}
	}
}

// release lets leave what complete says.
func (b *Batcher[K, T]) release(ctx context.Context, complete func()) {
	b.heldMu.Lock()
	complete()
	b.heldMu.Unlock()
	b.send(ctx)
}

// wanted says whether somebody has asked for batches. If not, it is called when
// somebody does.
func (b *Batcher[K, T]) wanted(p *puller[T]) bool {
	if (door[Batch[K, T]]{b.made}).open(&b.door) {
		return true
	}
	p.close() // who called it, calls another
	return false
}

// gather takes a slice and puts it into batches. What that completes is sent when
// the slice is settled, so that no event is in the books twice.
func (b *Batcher[K, T]) gather(ctx context.Context, p *puller[T]) bool {
	if !p.pull(maxInChunk) {
		return false
	}
	now := b.pipe.now()
	if b.key == nil && b.weigh == nil {
		b.takeAll(p, now)
	} else {
		p.each(ctx, func(ev T) error { return b.take(ev, now) })
	}
	b.send(ctx)
	return true
}

// takeAll is take of what is in hand, where no foreign code has a say.
func (b *Batcher[K, T]) takeAll(p *puller[T], now int64) {
	var key K
	b.heldMu.Lock()
	b.held.addAll(key, p.hand.events(), now)
	b.heldMu.Unlock()
	p.next = p.hand.n
	p.settle()
}

// take puts one event into its batch.
func (b *Batcher[K, T]) take(ev T, now int64) error {
	var key K
	weight := 0
	if b.key != nil {
		key = b.key(ev)
	}
	if key != key { // a NaN: no other event would be found to have it
		return errNoKey
	}
	if b.weigh != nil {
		weight = max(0, b.weigh(ev))
	}
	b.heldMu.Lock()
	defer b.heldMu.Unlock()
	b.held.add(key, ev, weight, now)
	return nil
}

var errNoKey = errors.New("stage: the key of the event does not equal itself")

// send hands on what is ready; false: ctx has ended before all had room. They go one
// by one, so that none of them is in the books twice while another waits.
func (b *Batcher[K, T]) send(ctx context.Context) bool {
	for len(b.held.ready) > 0 { // nobody else changes it
		if err := b.made.pushOne(ctx, b.held.ready[0]); err != nil {
			if ctx.Err() != nil {
				return false
			}
			b.made.force(b.held.ready[:1]) // which counts it as failed, and tells
		}
		b.heldMu.Lock()
		b.held.sent()
		b.heldMu.Unlock()
	}
	return true
}

// wait is until something changes, or a batch is too old while one is wanted.
func (b *Batcher[K, T]) wait(wanted bool) {
	due, will := b.held.due(b.pipe.now())
	if !will || !wanted {
		<-b.changed
		return
	}
	timer := time.NewTimer(due)
	defer timer.Stop()
	select {
	case <-b.changed:
	case <-timer.C:
	}
}

// finish lets everything leave.
func (b *Batcher[K, T]) finish(ctx context.Context, p *puller[T]) error {
	b.withdraw()
	p.close()
	(door[Batch[K, T]]{b.made}).leave(&b.door)
	b.heldMu.Lock()
	b.held.flush()
	b.heldMu.Unlock()
	if e := b.chosen(); e.state != StateDone || e.final || !b.send(ctx) {
		b.made.force(b.held.ready) // rather too many there than any left here
		b.heldMu.Lock()
		b.held.ready = nil
		b.heldMu.Unlock()
	}
	return b.shut()
}

func (b *Batcher[K, T]) snapshot() StageSnapshot {
	s := b.base.read()
	s.Workers, s.Target = 1, 1
	b.heldMu.Lock()
	defer b.heldMu.Unlock()
	s.Batches, s.Gathered = len(b.held.open)+len(b.held.ready), b.held.held()
	return s
}

// left says what is in batches that have not left.
func (b *Batcher[K, T]) left() Left {
	b.heldMu.Lock()
	defer b.heldMu.Unlock()
	return Left{Outlet: b.name, Gathered: b.held.held()}
}

// Pause stops the hand-out of batches, and with it the asking, as [Pipeline.Pause]
// does of all.
func (b *Batcher[K, T]) Pause() { b.made.pause(true) }

// Resume ends a Pause.
func (b *Batcher[K, T]) Resume() { b.made.pause(false) }

// Rebalance is as [Queue.Rebalance], of batches.
func (b *Batcher[K, T]) Rebalance() { b.made.rebalance() }
