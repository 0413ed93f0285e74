package stage_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

var (
	seedsToRun = flag.Uint64("seeds", 300, "how many random pipelines the property test runs")
	firstSeed  = flag.Uint64("first-seed", 1, "where it begins")
)

func TestRandomPipelinesLoseNothingAndNeverStall(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+*seedsToRun; seed++ {
		m := &model{seed: seed}
		// A goroutine that runs in circles stops a bubble's time: only ours goes on.
		watchdog := time.AfterFunc(20*time.Second, func() {
			m.fault("goes in circles")
			panic("stuck")
		})
		synctest.Test(t, func(t *testing.T) { play(m) })
		watchdog.Stop()
		if len(m.faults) > 0 {
			t.Fatalf("seed %d: %d faults, the first: %s", seed, len(m.faults), m.faults[0])
		}
	}
}

const (
	maxPush    = 20 // items in one PushAll
	maxWorkers = 8
)

// game is one random pipeline with the script that is played on it.
type game struct {
	*model
	rng    *rand.Rand
	whole  bool // run by Pipeline.Run, else each stage by its own Serve
	root   context.Context
	ran    chan error
	names  int
	limit  context.CancelCauseFunc // ends root
	life   context.Context         // of those who push and wait
	die    context.CancelFunc
	others sync.WaitGroup // the goroutines of the game itself
}

// play plays the seed of m, in a bubble.
func play(m *model) {
	rng := rand.New(rand.NewPCG(m.seed, 7))
	m.calm, m.stops = rng.IntN(10) == 0, rng.IntN(4)
	g := &game{model: m, rng: rng, whole: rng.IntN(4) == 0, ran: make(chan error, 2)}
	g.pipe = stage.New("p", stage.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Grace: 1000 * time.Hour})
	g.root, g.limit = context.WithCancelCause(context.Background())
	g.life, g.die = context.WithCancel(context.Background())
	if g.whole {
		g.stops = 0
	}
	g.note("calm %v, whole %v", g.calm, g.whole)
	g.graph()
	if g.whole {
		g.runAll()
	}
	g.script()
	g.finale()
	g.tidy()
}

func (g *game) runAll() {
	g.others.Go(func() { g.ran <- g.pipe.Run(g.root) })
}

// graph makes the first stages.
func (g *game) graph() {
	g.addQueue()
	if !g.calm {
		for range g.rng.IntN(3) {
			if g.rng.IntN(2) == 0 {
				g.addQueue()
			} else {
				g.addProducer()
			}
		}
	}
	stages := 1
	if !g.calm {
		stages += g.rng.IntN(4)
	}
	for range stages {
		s := g.addStage()
		for range 1 + g.rng.IntN(len(g.outlets)) {
			g.subscribe(s)
		}
	}
}

func (g *game) name(kind string) string {
	g.names++
	return fmt.Sprintf("%s%d", kind, g.names)
}

func (g *game) queueConfig(o *outletModel) stage.QueueConfig {
	cfg := stage.QueueConfig{Buffer: 1 + g.rng.IntN(40)}
	if !g.calm && g.rng.IntN(4) == 0 {
		cfg.Overflow = stage.OverflowMode(1 + g.rng.IntN(2))
		g.mu.Lock()
		o.drops = true
		g.mu.Unlock()
	}
	cfg.OnDrop = func(n int) {
		g.mu.Lock()
		o.dropped += n
		g.mu.Unlock()
	}
	return cfg
}

func (g *game) addQueue() {
	o := &outletModel{name: g.name("q")}
	o.queue = stage.NewQueue[item](g.pipe, o.name, g.queueConfig(o))
	o.outlet, o.control = o.queue, o.queue
	g.outlets = append(g.outlets, o)
	if !g.whole {
		g.supervise(&stageModel{name: o.name, serve: o.queue.Serve})
	}
}

func (g *game) addProducer() {
	o := &outletModel{name: g.name("p")}
	o.source = &source{m: g.model, of: o, rng: rand.New(rand.NewPCG(g.seed, uint64(g.names))), left: g.rng.IntN(120), stop: make(chan struct{})}
	p := stage.NewProducer(g.pipe, o.name, o.source, stage.ProducerConfig{Buffer: 1 + g.rng.IntN(40)})
	o.outlet, o.control = p, p
	g.outlets = append(g.outlets, o)
	s := &stageModel{name: o.name, serve: p.Serve}
	g.stages = append(g.stages, s)
	if !g.whole {
		g.supervise(s)
	}
}

func (g *game) addStage() *stageModel {
	s := &stageModel{}
	onError := func(f stage.Failure[item]) stage.Verdict { return g.policy(s, f) }
	onEnd := stage.EndMode(g.rng.IntN(8) / 7)
	workers := 1
	if !g.calm {
		workers += g.rng.IntN(maxWorkers)
	}
	s.most = workers
	cfg := stage.ConsumerConfig[item]{Workers: workers, OnError: onError, OnEnd: onEnd}
	// The model knows the stage before the pipeline does, which may start it at once.
	switch kind := g.rng.IntN(5); {
	case kind < 2 || g.calm:
		s.name = g.name("one")
		g.know(s)
		c := stage.NewConsumer(g.pipe, s.name, g.one(s), cfg)
		s.taker, s.serve = c, c.Serve
	case kind < 4:
		s.name = g.name("many")
		g.know(s)
		c := stage.NewSliceConsumer(g.pipe, s.name, g.several(s), cfg)
		s.taker, s.serve = c, c.Serve
	default:
		s.name, s.refill = g.name("tasks"), 1+g.rng.IntN(4)
		g.know(s)
		s.spawner = stage.NewSpawner(g.pipe, s.name, g.one(s), stage.SpawnerConfig[item]{
			Max: workers, Refill: s.refill, OnError: onError, OnEnd: onEnd,
		})
		s.taker, s.serve = s.spawner, s.spawner.Serve
	}
	if g.rng.IntN(3) == 0 {
		g.addUndertaker(s)
	}
	if !g.whole {
		g.supervise(s)
	}
	return s
}

func (g *game) know(s *stageModel) {
	g.mu.Lock()
	g.stages = append(g.stages, s)
	g.mu.Unlock()
}

// addUndertaker lets somebody take the dead letters of s.
func (g *game) addUndertaker(s *stageModel) {
	g.mu.Lock()
	s.dead = true
	g.mu.Unlock()
	u := &stageModel{name: g.name("dead"), buries: true}
	c := stage.NewConsumer(g.pipe, u.name, g.exhume, stage.ConsumerConfig[stage.Failure[item]]{})
	u.serve = c.Serve
	if _, err := c.Subscribe(s.taker.DeadLetters()); err != nil {
		g.fault("subscribe to dead letters: %v", err)
	}
	g.know(u)
	if !g.whole {
		g.supervise(u)
	}
}

func (g *game) subOption() stage.SubOption {
	if g.rng.IntN(2) == 0 {
		return stage.Lazy(1+g.rng.IntN(20), 1+randomTime(g.rng))
	}
	max := 1 + g.rng.IntN(30)
	return stage.Demand(max, g.rng.IntN(max))
}

func (g *game) subscribe(s *stageModel) {
	o := g.outlets[g.rng.IntN(len(g.outlets))]
	g.subscribeTo(s, o)
}

func (g *game) subscribeTo(s *stageModel, o *outletModel) {
	sub, err := s.taker.Subscribe(o.outlet, g.subOption())
	g.note("%s takes from %s: %v", s.name, o.name, err)
	if err != nil && !errors.Is(err, stage.ErrEnded) {
		g.fault("%s: subscribe to %s: %v", s.name, o.name, err)
	}
	if err != nil {
		return
	}
	g.mu.Lock()
	s.subs = append(s.subs, sub)
	g.mu.Unlock()
}

// supervise serves s again and again, until it has ended for good.
func (g *game) supervise(s *stageModel) {
	s.ended = make(chan struct{})
	delays := rand.New(rand.NewPCG(g.seed, uint64(len(s.name))+uint64(g.names)<<8))
	g.others.Add(1)
	go func() {
		defer g.others.Done()
		defer close(s.ended)
		for g.serveOnce(s) {
			if delays.IntN(2) == 0 {
				time.Sleep(randomTime(delays))
			}
		}
	}()
}

func (g *game) serveOnce(s *stageModel) (again bool) {
	ctx, cancel := context.WithCancelCause(g.root)
	defer cancel(nil)
	g.mu.Lock()
	s.cancel, s.serving, s.ending, s.killed, s.stopped = cancel, true, false, false, false
	g.mu.Unlock()
	err := s.serve(ctx)
	g.note("%s has ended: %v", s.name, err)
	g.mu.Lock()
	defer g.mu.Unlock()
	s.serving = false
	if g.root.Err() != nil {
		return false
	}
	_, failed := errors.AsType[*stage.StageError](err)
	switch {
	case err == nil:
		if !s.left && !s.buries && !g.draining && !g.closing && !g.anyFinished() {
			g.faultLocked("%s has ended though nothing that it takes from has", s.name)
		}
		return false
	case errors.Is(err, stage.ErrEnded) && s.left:
		return false
	case errors.Is(err, errSlain) && s.killed, failed && s.stopped, g.hurried:
		return true
	}
	g.faultLocked("%s has ended with %v", s.name, err)
	return true
}

func (m *model) anyFinished() bool {
	for _, o := range m.outlets {
		if o.finished {
			return true
		}
	}
	return false
}

// script plays random steps at random times, some of them at the same moment.
func (g *game) script() {
	for range 10 + g.rng.IntN(60) {
		if g.rng.IntN(3) > 0 {
			time.Sleep(randomTime(g.rng))
		}
		for range 1 + g.rng.IntN(6)/4 {
			g.step()
			if g.calm {
				synctest.Wait()
			}
		}
		g.rest()
		if g.faulty() {
			return
		}
	}
}

func (g *game) step() {
	o := g.outlets[g.rng.IntN(len(g.outlets))]
	switch n := g.rng.IntN(100); {
	case n < 40:
		g.push(o)
	case n < 75 || g.calm && n < 90:
		g.changeFlow(o)
	default:
		g.changeStages()
	}
}

// push puts items into o, or into the first queue.
func (g *game) push(o *outletModel) {
	if o.queue == nil {
		o = g.outlets[0]
	}
	switch g.rng.IntN(6) {
	case 0, 1:
		evs := g.items(o, 1+g.rng.IntN(10))
		g.note("TryPush %d to %s", len(evs), o.name)
		for i, ev := range evs {
			err := o.queue.TryPush(ev)
			if err != nil && !errors.Is(err, stage.ErrFull) && !errors.Is(err, stage.ErrSealed) {
				g.fault("TryPush: %v", err)
			}
			g.pushed(evs[i:i+1], given(err))
		}
	case 2:
		g.inBackground(o, "Push", g.items(o, 1), func(ctx context.Context, evs []item) (int, error) {
			err := o.queue.Push(ctx, evs[0])
			return given(err), err
		})
	case 3, 4:
		g.inBackground(o, "PushAll", g.items(o, g.rng.IntN(maxPush+1)), o.queue.PushAll)
	case 5:
		g.do(o)
	}
}

func given(err error) int {
	if err != nil {
		return 0
	}
	return 1
}

// inBackground pushes in a goroutine that may have to wait.
func (g *game) inBackground(o *outletModel, how string, evs []item, push func(context.Context, []item) (int, error)) {
	ctx, cancel := g.patience()
	g.note("%s of %d to %s", how, len(evs), o.name)
	g.waits(o, 1)
	g.others.Add(1)
	go func() {
		defer g.others.Done()
		defer cancel()
		n, err := push(ctx, evs)
		if (err == nil) != (n == len(evs)) && len(evs) > 0 {
			g.fault("%s of %d: %d, %v", how, len(evs), n, err)
		}
		g.waits(o, -1)
		g.pushed(evs, n)
	}()
}

func (g *game) patience() (context.Context, context.CancelFunc) {
	switch g.rng.IntN(3) {
	case 0:
		return context.WithCancel(g.life)
	case 1:
		ctx, cancel := context.WithCancel(g.life)
		cancel()
		return ctx, cancel
	}
	return context.WithTimeout(g.life, 5*randomTime(g.rng))
}

func (g *game) waits(o *outletModel, n int) {
	g.mu.Lock()
	o.pushing += n
	g.mu.Unlock()
}

// do pushes and awaits the outcome, which must be the one that the model knows.
func (g *game) do(o *outletModel) {
	ctx, cancel := g.patience()
	evs := g.items(o, 1)
	g.note("Do to %s", o.name)
	g.mu.Lock()
	o.maybe++
	g.mu.Unlock()
	g.others.Add(1)
	go func() {
		defer g.others.Done()
		defer cancel()
		err := o.queue.Do(ctx, evs[0])
		g.mu.Lock()
		defer g.mu.Unlock()
		r := g.records[evs[0].id-1]
		right := true
		switch {
		case err == nil:
			right = r.done == 1
		case errors.Is(err, stage.ErrDropped):
			right = !r.settled()
		case errors.Is(err, stage.ErrClosed), errors.Is(err, stage.ErrSealed):
			r.refused = true // and must never be handled
			o.rejected++
			o.maybe--
			return
		case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
			return // nobody knows
		default:
			right = r.failed == 1
		}
		if !right {
			g.faultLocked("Do of item %d says %v, it has %d done and %d failed", evs[0].id, err, r.done, r.failed)
		}
		o.maybe--
		o.accepted++
		r.known = true
	}()
}

// changeFlow changes something about o or all outlets.
func (g *game) changeFlow(o *outletModel) {
	switch g.rng.IntN(12) {
	case 0:
		g.note("pause all")
		g.pipe.Pause()
	case 1, 2:
		g.note("resume all")
		g.pipe.Resume()
	case 3:
		g.note("pause %s", o.name)
		o.control.Pause()
	case 4:
		g.note("resume %s", o.name)
		o.control.Resume()
	case 5:
		g.note("rebalance %s", o.name)
		g.mu.Lock()
		for _, s := range g.stages {
			s.touched = true
		}
		g.mu.Unlock()
		o.control.Rebalance()
	case 6:
		if g.rng.IntN(3) == 0 && !g.calm {
			g.reset()
		}
	case 7:
		g.flush(o)
	default:
		g.changeQueue(o)
	}
}

func (g *game) changeQueue(o *outletModel) {
	if o.queue == nil {
		return
	}
	switch g.rng.IntN(4) {
	case 0:
		g.note("seal %s", o.name)
		o.queue.Seal()
	case 1, 2:
		g.note("unseal %s", o.name)
		o.queue.Unseal()
	case 3:
		cfg := g.queueConfig(o)
		g.note("set %s: %d, %d", o.name, cfg.Buffer, cfg.Overflow)
		if err := o.queue.Set(cfg); err != nil {
			g.fault("set %s: %v", o.name, err)
		}
	}
}

func (g *game) reset() {
	synctest.Wait()
	g.note("reset")
	snap := g.pipe.Reset()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range g.outlets {
		s := outletIn(snap, o.name)
		o.before = o.before.plus(s)
		o.before.accepted -= s.InSystem()
	}
}

// flush checks that what was accepted before has its outcome after.
func (g *game) flush(o *outletModel) {
	if o.queue == nil {
		return
	}
	ctx, cancel := g.patience()
	g.mu.Lock()
	var before []int
	for i, r := range g.records {
		if r.known && r.from == o && !r.settled() && !o.drops {
			before = append(before, i)
		}
	}
	g.mu.Unlock()
	g.others.Add(1)
	go func() {
		defer g.others.Done()
		defer cancel()
		if err := o.queue.Flush(ctx); err != nil {
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, i := range before {
			if !g.records[i].settled() && !o.drops {
				g.faultLocked("flush of %s returned before item %d was settled", o.name, i+1)
			}
		}
	}()
}

// changeStages changes something about the stages that take.
func (g *game) changeStages() {
	s := g.stages[g.rng.IntN(len(g.stages))]
	if s.taker == nil {
		if !g.calm {
			g.kill(s)
		}
		return
	}
	switch n := g.rng.IntN(20); {
	case n < 4:
		g.setSub(s)
	case g.calm:
	case n < 8:
		g.resize(s)
	case n < 10:
		g.cancelSub(s)
	case n < 13:
		g.subscribe(s)
	case n < 14:
		g.leave(s)
	case n < 15:
		if len(g.stages) < 12 {
			fresh := g.addStage()
			synctest.Wait() // it has begun before it may leave
			g.subscribe(fresh)
		}
	case n < 18:
		g.kill(s)
	default:
		g.cancelTask(s)
	}
}

func (g *game) setSub(s *stageModel) {
	if len(s.subs) == 0 {
		return
	}
	g.mu.Lock()
	s.touched = true
	g.mu.Unlock()
	err := s.subs[g.rng.IntN(len(s.subs))].Set(g.subOption())
	g.note("set a subscription of %s: %v", s.name, err)
	if err != nil && !errors.Is(err, stage.ErrEnded) {
		g.fault("set a subscription of %s: %v", s.name, err)
	}
}

func (g *game) resize(s *stageModel) {
	n := 1 + g.rng.IntN(maxWorkers)
	g.note("resize %s to %d", s.name, n)
	g.mu.Lock()
	s.most = max(s.most, n)
	g.mu.Unlock()
	if s.spawner == nil || g.rng.IntN(2) == 0 {
		if err := s.taker.Resize(n); err != nil {
			g.fault("resize %s: %v", s.name, err)
		}
		return
	}
	refill := g.rng.IntN(5)
	g.mu.Lock()
	s.refill = max(s.refill, refill)
	g.mu.Unlock()
	if err := s.spawner.SetSlots(n, refill); err != nil {
		g.fault("set slots of %s: %v", s.name, err)
	}
}

func (g *game) cancelSub(s *stageModel) {
	if len(s.subs) == 0 {
		return
	}
	i := g.rng.IntN(len(s.subs))
	sub := s.subs[i]
	g.mu.Lock()
	s.subs = append(s.subs[:i:i], s.subs[i+1:]...)
	g.mu.Unlock()
	cause := []error{nil, errMisuse}[g.rng.IntN(2)]
	g.note("cancel a subscription of %s: %v", s.name, cause)
	sub.Cancel(cause)
}

func (g *game) leave(s *stageModel) {
	g.note("%s leaves", s.name)
	g.mu.Lock()
	s.left, s.ending = true, true
	g.mu.Unlock()
	s.taker.Leave()
}

func (g *game) kill(s *stageModel) {
	if g.whole {
		return
	}
	g.mu.Lock()
	s.ending, s.killed = true, true
	cancel := s.cancel
	g.mu.Unlock()
	g.note("kill %s", s.name)
	if cancel != nil {
		cancel(errSlain)
	}
}

func (g *game) cancelTask(s *stageModel) {
	if s.spawner == nil {
		return
	}
	for task := range s.spawner.Tasks() {
		if g.rng.IntN(2) == 0 {
			g.note("cancel task %d of %s", task.ID, s.name)
			s.spawner.Cancel(task.ID, errMisuse)
		}
	}
}

// finale brings everything to an end, in one of the possible ways.
func (g *game) finale() {
	if g.faulty() {
		return
	}
	if !g.calm {
		g.addRescue()
	}
	for _, o := range g.outlets {
		if o.queue != nil {
			o.queue.Unseal()
		}
	}
	switch g.rng.IntN(4) {
	case 0:
		g.note("drain")
		g.startDrain()
		g.drain(0)
	case 1:
		g.note("drain for some time")
		g.startDrain()
		g.drain(5 * randomTime(g.rng))
	case 2:
		if g.whole {
			g.note("end of the context of Run")
			g.startDrain()
			g.limit(errSlain)
			break
		}
		fallthrough
	default:
		g.note("close all")
		g.pipe.Resume()
		g.closeAll()
	}
	g.awaitEnd()
}

func (g *game) startDrain() {
	g.mu.Lock()
	g.draining = true
	g.mu.Unlock()
}

// addRescue makes sure that somebody takes from each outlet.
func (g *game) addRescue() {
	s := g.addStage()
	for _, o := range g.outlets {
		g.subscribeTo(s, o)
	}
}

// drain with a deadline may leave something; then a second one finishes it.
func (g *game) drain(deadline time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), 1000*time.Hour)
	defer cancel()
	if deadline > 0 {
		g.hurry(deadline)
	}
	if g.whole && deadline > 0 && !g.runAgain() {
		return
	}
	if err := g.pipe.Drain(ctx); err != nil {
		g.fault("drain: %v", err)
	}
}

// runAgain waits for a Run that was cut short, and starts another for what is left.
func (g *game) runAgain() bool {
	select {
	case err := <-g.ran:
		g.note("Run: %v", err)
	case <-time.After(time.Hour):
		g.fault("Run does not return after a drain whose time was up")
		return false
	}
	g.rest()
	g.runAll()
	synctest.Wait() // it runs: Drain does not take it for ended
	return true
}

// hurry drains with a deadline, and checks what that says is left.
func (g *game) hurry(deadline time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	g.mu.Lock()
	g.hurried = true
	for _, s := range g.stages {
		s.ending = true
	}
	g.mu.Unlock()
	err := g.pipe.Drain(ctx)
	g.note("drain: %v", err)
	failed, is := errors.AsType[*stage.DrainError](err)
	if err != nil && (!is || !errors.Is(err, context.DeadlineExceeded)) {
		g.fault("drain: %v", err)
	}
	for _, left := range leftBy(failed) {
		if left.Events() <= 0 {
			g.fault("drain says that something is left, and nothing is: %+v", left)
		}
	}
}

func leftBy(err *stage.DrainError) []stage.Left {
	if err == nil {
		return nil
	}
	return err.Left
}

func (g *game) closeAll() {
	g.mu.Lock()
	g.closing = true
	g.mu.Unlock()
	for _, o := range g.outlets {
		if o.queue != nil {
			o.queue.Close()
		} else {
			close(o.source.stop)
		}
	}
}

// awaitEnd waits until all is settled and every stage has ended.
func (g *game) awaitEnd() {
	for range 1000 {
		snap := g.rest()
		if g.faulty() {
			return
		}
		if g.allEnded(snap) {
			g.leaveAll()
			break
		}
		time.Sleep(10 * time.Minute)
	}
	snap := g.rest()
	if !g.allEnded(snap) {
		for _, o := range snap.Outlets {
			g.note("%s: %s", o.Name, figures(&o))
		}
		for _, s := range snap.Stages {
			g.note("%+v", s)
		}
		g.fault("stall: something is left after %v", time.Since(epochOfBubbles))
		return
	}
	g.awaitStages()
	g.rest()
	g.outcomes()
}

func (g *game) allEnded(snap stage.Snapshot) bool {
	for _, o := range g.outlets {
		if outletIn(snap, o.name).State != stage.OutletEnded {
			return false
		}
	}
	return true
}

// leaveAll ends the stages that would wait for another subscription.
func (g *game) leaveAll() {
	for _, s := range g.stages {
		if s.taker != nil && !s.left {
			g.leave(s)
		}
	}
}

func (g *game) awaitStages() {
	late := time.After(time.Hour)
	if g.whole {
		select {
		case err := <-g.ran:
			g.note("Run: %v", err)
			if err != nil && !errors.Is(err, errSlain) {
				g.fault("Run: %v", err)
			}
		case <-late:
			g.fault("Run does not return")
		}
		return
	}
	for _, s := range g.stages {
		select {
		case <-s.ended:
		case <-late:
			g.fault("Serve of %s does not return", s.name)
			return
		}
	}
}

// tidy ends what a fault left behind, so that the bubble can end.
func (g *game) tidy() {
	g.limit(errSlain)
	g.die()
	for _, o := range g.outlets {
		if o.queue != nil {
			o.queue.Close()
		}
	}
	if g.faulty() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = g.pipe.Drain(ctx)
	}
	g.others.Wait()
}
