package stage

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// run is one Run of a pipeline: it owns the goroutines of all stages.
type run struct {
	ctx     context.Context // of the stages
	cancel  context.CancelCauseFunc
	changed chan struct{} // a stage has ended
	done    chan struct{} // closed when all have
	asked   chan struct{} // closed when all that take have begun, or ended

	mu     sync.Mutex // guards what follows
	live   int
	takers int // of these, stages that take
	errs   []error
	failed bool // a stage has, and the others are to end
}

// Run runs all stages and returns when all have ended: nil after the end of all
// sources and queues or a drain that left nothing, else the joined failures of
// its stages ([*StageError], a cause before what it brought about) and a
// [*DrainError] if events were left. Events that failed are no failure of Run: a
// Snapshot has their number.
//
// The end of ctx drains the pipeline for at most Config.Grace; then handlers are
// told by their contexts to leave, and Run returns when they have. A stage that
// fails does the same to the others. No goroutine outlives Run. It may be called again
// when it has returned. An outlet that nobody has subscribed to, and a stage that has
// subscribed to nothing, is told to the log after a second.
func (p *Pipeline) Run(ctx context.Context) error {
	r, nodes, err := p.begin()
	if err != nil {
		return err
	}
	r.startAll(nodes)
	cause := p.attend(ctx, r)
	p.mu.Lock()
	p.run = nil // from here no stage joins
	p.mu.Unlock()
	r.cancel(ErrAborted)
	r.await()
	close(r.done)
	return errors.Join(append(r.errs, p.leftOver(cause))...)
}

func (p *Pipeline) begin() (*run, []node, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.wrong) > 0 {
		return nil, nil, errors.Join(p.wrong...)
	}
	if p.run != nil {
		return nil, nil, ErrServing
	}
	r := &run{changed: make(chan struct{}, 1), done: make(chan struct{}), asked: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	p.run, p.ran = r, r
	return r, append([]node(nil), p.nodes...), nil
}

// startAll starts those that take first, so that all have asked before anything
// comes.
func (r *run) startAll(nodes []node) {
	var takers sync.WaitGroup
	for _, n := range nodes {
		if !n.feeds() {
			takers.Add(1)
			r.start(n, sync.OnceFunc(takers.Done))
		}
	}
	takers.Wait()
	close(r.asked)
	for _, n := range nodes {
		if n.feeds() {
			r.start(n, func() {})
		}
	}
}

// start runs one stage in a goroutine of its own. The stage says when it began;
// if it never does, its end counts.
func (r *run) start(n node, began func()) {
	r.mu.Lock()
	r.live++
	if !n.feeds() {
		r.takers++
	}
	r.mu.Unlock()
	go func() {
		err := error(&StageError{n.about().name, ErrGoexit}) // unless serve returns
		defer func() { r.ended(n, err, began) }()
		err = n.serve(r.ctx, began)
	}()
}

// ended is the end of a stage's goroutine.
func (r *run) ended(n node, err error, began func()) {
	began()
	if n.about().hasLeft() { // perhaps before it began
		err = nil
	}
	unserved := errors.Is(err, errUnserved)
	failed := err != nil && !unserved && !stoppedBy(r.ctx, err)
	if failed {
		r.note(err) // first, as those that take from it may end by it at once
		if !errors.Is(err, ErrServing) {
			n.fail(err)
		}
	}
	if failed || unserved {
		<-r.asked // one that has not begun is nobody who takes nothing
		desert(n)
	}
	r.mu.Lock()
	r.live--
	if !n.feeds() {
		r.takers--
	}
	r.failed = r.failed || failed // last, as the drain it begins closes what failed with another cause
	r.mu.Unlock()
	poke(r.changed)
}

// note keeps a failure for what Run returns, in order: a cause before its effects.
func (r *run) note(err error) {
	r.mu.Lock()
	r.errs = append(r.errs, err)
	r.mu.Unlock()
}

// desert lets the stages leave of which nobody takes anything any more, since n has
// failed: they would wait for room until the time to drain is up.
func desert(n node) {
	for _, h := range n.sources() {
		if h.taken() || h.sever() {
			continue
		}
		for _, feeder := range h.feeders() {
			if !serves(feeder) {
				feeder.about().abort(errUnserved)
			}
		}
	}
}

// serves says whether somebody takes what n makes, of anything that it makes.
func serves(n node) bool {
	hubs, _ := n.about().pipe.parts()
	return slices.ContainsFunc(hubs, func(h outletNode) bool { return slices.Contains(h.feeders(), n) && h.taken() })
}

// stoppedBy tells a stage that was told to leave from one that failed.
func stoppedBy(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
}

func (r *run) state() (live, takers int, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live, r.takers, r.failed
}

// await waits for stages that joined at the last moment.
func (r *run) await() {
	for live, _, _ := r.state(); live > 0; live, _, _ = r.state() {
		<-r.changed
	}
}

// attend waits for the end of all stages, and brings it about when it must. It
// returns what made it do so, if anything did.
func (p *Pipeline) attend(ctx context.Context, r *run) (cause error) {
	done := ctx.Done()
	var grace, stuck <-chan time.Time
	loose := time.After(looseTime)
	for aborted := false; ; {
		live, takers, failed := r.state()
		loops := int(p.streams.Load())
		takers += loops
		if live == 0 && (loops == 0 || aborted || p.leftOver(nil) == nil) {
			return cause
		}
		if failed && grace == nil {
			grace = p.startDrain()
		}
		if takers == 0 && grace != nil {
			r.cancel(errUnserved) // nobody is left who could work anything off
		}
		select {
		case <-r.changed:
		case <-done:
			done = nil
			cause = context.Cause(ctx)
			if grace == nil {
				grace = p.startDrain()
			}
		case <-loose:
			p.tellLoose()
		case <-grace:
			cause, aborted = ErrAborted, true
			p.tellSlow("time to drain is up, telling handlers to leave", "left", p.leftOver(cause))
			r.cancel(ErrAborted)
			stuck = time.After(stuckTime)
		case <-stuck:
			p.tellSlow("still waiting for handlers and sources that were told to leave")
			stuck = time.After(stuckTime)
		}
	}
}

const (
	looseTime = time.Second      // after which what is joined to nothing is told of
	stuckTime = 10 * time.Second // after which stages that do not leave are told of again
)

// tellLoose warns of what most likely was forgotten: all waits for it in silence.
func (p *Pipeline) tellLoose() {
	hubs, nodes := p.parts()
	for _, h := range hubs {
		if name, is := h.loose(); is {
			p.cfg.Logger.Warn("nobody has subscribed to this outlet", "pipeline", p.name, "outlet", name)
		}
	}
	for _, n := range nodes {
		if in, takes := n.(interface{ loose() bool }); takes && in.loose() {
			p.cfg.Logger.Warn("this stage has subscribed to nothing", "pipeline", p.name, "stage", n.about().name)
		}
	}
}

// tellSlow warns that stages still run.
func (p *Pipeline) tellSlow(what string, more ...any) {
	_, nodes := p.parts()
	var names []string
	for _, n := range nodes {
		if n.about().isServing() {
			names = append(names, n.about().name)
		}
	}
	p.cfg.Logger.Warn(what, append([]any{"pipeline", p.name, "running", names}, more...)...)
}

// startDrain begins a drain and returns a timer for its end.
func (p *Pipeline) startDrain() <-chan time.Time {
	p.beginDrain()
	if p.cfg.Grace <= 0 {
		now := make(chan time.Time, 1)
		now <- time.Now()
		return now
	}
	return time.After(p.cfg.Grace)
}

// streamEnded tells the Run that a loop takes no events any more.
func (p *Pipeline) streamEnded() {
	p.streams.Add(-1)
	p.mu.Lock()
	r := p.run
	p.mu.Unlock()
	if r != nil {
		poke(r.changed)
	}
}
