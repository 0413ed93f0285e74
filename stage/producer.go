package stage

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"
)

// ProducerConfig are the settings of a producer. The zero value is good.
type ProducerConfig struct {
	// Buffer bounds what may wait, as QueueConfig.Buffer does: a source is never
	// asked for more. 0: 4096, so that it can work ahead of several workers.
	Buffer int
	// BackOff is how long to wait after a Fetch that failed, the failures-th time
	// in a row. nil: 100 ms, doubled each time to 30 s, of which a random half to
	// the whole.
	BackOff func(failures int) time.Duration
	// MaxFailures lets the producer fail when Fetch failed more often than that
	// within Within. 0: it goes on for ever. Within 0: a minute.
	MaxFailures int
	Within      time.Duration
}

const producerBuffer = 4096

// Producer is an outlet that asks a [Source] as its subscribers ask it: for what
// they have asked and does not wait already. The source writes into the queue
// itself.
type Producer[T any] struct {
	base
	hub    *hub[T]
	source Source[T]
	cfg    ProducerConfig

	// Guarded by base.mu, beside what base has there.
	stopFetch context.CancelCauseFunc
	draining  bool
	failures  int
	again     time.Time // when the source is asked after a failure
}

// NewProducer makes a producer.
func NewProducer[T any](p *Pipeline, name string, source Source[T], cfg ProducerConfig) *Producer[T] {
	r := &Producer[T]{source: source, cfg: cfg}
	r.pipe, r.name, r.kind = p, name, "producer"
	r.hub = newHub[T](p, name, defaultBuffer)
	queue := QueueConfig{Buffer: cmp.Or(cfg.Buffer, producerBuffer)}
	r.hub.configure(queue)
	switch {
	case isNil(source):
		r.wrong = &SettingError{name, "source", "nil", "a source"}
	case cfg.MaxFailures < 0:
		r.wrong = &SettingError{name, "MaxFailures", cfg.MaxFailures, "0 or more"}
	case cfg.Within < 0:
		r.wrong = &SettingError{name, "Within", cfg.Within, "0 or more"}
	default:
		r.wrong = queue.check(name)
	}
	if r.cfg.Within == 0 {
		r.cfg.Within = time.Minute
	}
	if r.cfg.BackOff == nil {
		r.cfg.BackOff = backOff
	}
	p.add(r, r.hub)
	return r
}

func (p *Producer[T]) outlet(of string, set subSettings) (*hub[T], error) {
	return p.hub.plain(of, set)
}

// Leave tells the source to end, as a drain does, and takes the producer out of its
// pipeline when nothing is left in it; see [Queue.Leave].
func (p *Producer[T]) Leave() {
	p.hub.leave(func() { p.pipe.removeOutlet(p, p.hub) })
	p.drain()
	p.pipe.forgive(p.wrong)
}

// Pause stops the hand-out of this producer and the asking of its source, as
// [Pipeline.Pause] does of all.
func (p *Producer[T]) Pause() { p.hub.pause(true) }

// Resume ends a Pause.
func (p *Producer[T]) Resume() { p.hub.pause(false) }

// Rebalance is as [Queue.Rebalance].
func (p *Producer[T]) Rebalance() { p.hub.rebalance() }

// Serve asks the source until that has ended or the pipeline drains, and then
// returns nil; until ctx ends, and returns its cause; or until the source has
// failed for good, with a [*StageError]. Events and subscriptions outlive it: a
// later Serve goes on.
func (p *Producer[T]) Serve(ctx context.Context) error { return p.serve(ctx, func() {}) }

func (p *Producer[T]) serve(ctx context.Context, began func()) (err error) {
	ctx, err = p.begin(ctx)
	if err != nil {
		return err
	}
	e := ending{state: StateFailed, err: &StageError{p.name, ErrGoexit}} // unless run returns
	defer func() {
		p.end(e)
		err = p.tellEnd(e)
	}()
	p.pipe.tell(StageStarted{p.name, p.kind})
	began()
	fetching, cancel := p.fetching(ctx)
	defer cancel(nil)
	defer context.AfterFunc(fetching, func() { poke(p.hub.sourceWake) })()
	if r, ok := p.source.(releaser); ok {
		defer func() {
			if err := r.release(); err != nil {
				p.pipe.cfg.Logger.Warn("source failed at its end", withStack(err, "stage", p.name, "err", err)...)
			}
		}()
	}
	e = p.outcome(ctx, p.run(fetching))
	if e.state == StateDone {
		p.hub.close(nil)
	}
	return nil
}

// outcome says how Serve ends after run has returned err.
func (p *Producer[T]) outcome(ctx context.Context, err error) ending {
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return ending{state: StateFailed, err: &StageError{p.name, err}}
	case err == nil && ctx.Err() != nil && !p.isDraining():
		return ending{state: StateStopped, err: context.Cause(ctx)}
	}
	return ending{state: StateDone}
}

// fetching is the context of the source: it ends with Serve's, and by a drain.
func (p *Producer[T]) fetching(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	p.mu.Lock()
	p.stopFetch = cancel
	draining := p.draining
	p.mu.Unlock()
	if draining {
		cancel(ErrDraining)
	}
	return ctx, cancel
}

// run asks until there is nothing to ask any more (nil), the source ends
// (io.EOF), or fails for good.
func (p *Producer[T]) run(ctx context.Context) error {
	var recent []time.Time // failures that count
	for {
		slots := p.hub.reserve(func() bool { return ctx.Err() != nil })
		if slots == nil {
			return nil
		}
		n, err := p.fetch(ctx, slots)
		if n > 0 {
			p.hub.publish(slots[:n])
		}
		switch {
		case err == nil:
			p.note(0, time.Time{}, nil)
			continue
		case ctx.Err() != nil && !errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.EOF) || isFinal(err):
			return err
		}
		if recent = p.recent(recent); p.cfg.MaxFailures > 0 && len(recent) > p.cfg.MaxFailures {
			return err
		}
		p.wait(ctx, err)
	}
}

// fetch calls the source, and holds it to its contract.
func (p *Producer[T]) fetch(ctx context.Context, slots []T) (n int, err error) {
	defer func() {
		if n < 0 || n > len(slots) {
			err, n = &FetchError{len(slots), n}, 0
		}
		clear(slots[n:])
	}()
	defer caught(&err)
	n, err = p.source.Fetch(ctx, slots)
	if n == 0 && err == nil {
		err = errNothing
	}
	return n, err
}

// recent forgets failures that are too long ago and adds one of now.
func (p *Producer[T]) recent(times []time.Time) []time.Time {
	if p.cfg.MaxFailures == 0 {
		return nil
	}
	now := time.Now()
	for len(times) > 0 && now.Sub(times[0]) > p.cfg.Within {
		times = times[1:]
	}
	return append(times, now)
}

// wait lets time pass after a failure.
func (p *Producer[T]) wait(ctx context.Context, err error) {
	p.mu.Lock()
	failures := p.failures + 1
	p.mu.Unlock()
	pause := p.cfg.BackOff(failures)
	p.note(failures, time.Now().Add(pause), err)
	p.pipe.cfg.Logger.Warn("source failed", withStack(err, "stage", p.name, "err", err, "failures", failures, "retry", pause)...)
	p.pipe.tell(SourceFailed{p.name, err, failures, pause})
	if pause <= 0 {
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// note keeps for the snapshot how the source does.
func (p *Producer[T]) note(failures int, again time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures, p.again = failures, again
	if err != nil {
		p.lastErr, p.state = err, StateBackOff
	} else if p.state == StateBackOff {
		p.state = StateRunning
	}
}

func (p *Producer[T]) isDraining() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draining
}

func (p *Producer[T]) snapshot() StageSnapshot {
	s := p.base.read()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Failures = p.failures
	if p.state == StateBackOff {
		s.Retry = max(0, time.Until(p.again))
	}
	return s
}

// drain tells the source; Serve closes the outlet when that has returned.
func (p *Producer[T]) drain() {
	p.mu.Lock()
	p.draining = true
	serving, stop := p.serving, p.stopFetch
	p.mu.Unlock()
	if !serving {
		p.hub.close(nil)
	} else if stop != nil {
		stop(ErrDraining)
	}
}

// fail ends the outlet because its source did, when nobody starts it again.
func (p *Producer[T]) fail(err error) { p.hub.close(err) }
func (p *Producer[T]) feeds() bool    { return true }

func isNil[T any](source Source[T]) bool {
	f, isFunc := source.(SourceFunc[T])
	return source == nil || isFunc && f == nil
}

func backOff(failures int) time.Duration {
	d := 30 * time.Second
	if failures < 10 {
		d = min(d, 100*time.Millisecond<<(failures-1))
	}
	return d/2 + rand.N(d/2+1)
}
