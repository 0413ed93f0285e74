package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Config are the settings of a pipeline. The zero value is good.
type Config struct {
	// Grace is how long Run goes on after its context has ended, to work off what
	// was accepted. 0: 30 s; below 0: not at all.
	Grace time.Duration
	// Logger hears of sources that fail, and of events that failed in a stage
	// without OnError: of these once a second for a stage at most, with their
	// number. nil: slog.Default().
	Logger *slog.Logger
	// Hook is told what happens, by the goroutine in which it happened and before
	// that goes on: it must be quick, and not wait for the pipeline. It may be
	// called from many goroutines at once. A panic in it is not caught.
	Hook func(Notice)
	// Observe is told each call of a handler when that has returned, under the same
	// conditions. It costs nothing when nil.
	Observe func(Handled)
}

const defaultGrace = 30 * time.Second

// Pipeline joins the stages that are made on it: it names them, shows them, and
// drains them together. It starts nothing by itself. Its stages either are run
// all together by Run, or each by its own Serve under any supervisor.
type Pipeline struct {
	name  string
	cfg   Config
	epoch time.Time

	graph   sync.Mutex   // held while a stage subscribes, so that no circle comes about
	streams atomic.Int64 // loops that take events

	mu      sync.Mutex // guards what follows
	hubs    []outletNode
	nodes   []node
	wrong   []error
	run     *run  // under way
	ran     *run  // under way, or the last
	paused  bool  // what is made now is paused
	drained bool  // a drain has begun
	cause   error // what ended a drain before it was done
}

// node is a stage as its pipeline sees it.
type node interface {
	serve(ctx context.Context, began func()) error
	about() *base
	snapshot() StageSnapshot
	drain() // take nothing new from outside, end when nothing is left
	fail(err error)
	feeds() bool // it is where events come from: started last
	sources() []outletNode
}

// Stage is one of the stages of a pipeline: a [Queue], a [Producer], a
// [Transform], a [Consumer], or any other. The interface is sealed.
type Stage interface {
	// Name is the name that the stage was made with.
	Name() string
	// Serve runs the stage; see there.
	Serve(ctx context.Context) error
	node
}

// outletNode is a hub as its pipeline sees it.
type outletNode interface {
	snapshot(into *OutletSnapshot)
	reset(was *OutletSnapshot)
	drain()
	refuse(err error)
	pause(bool)
	left() Left
	finished() <-chan struct{}
	holds(name string) bool // it is called that, and has not ended
	feeders() []node
	taken() bool                   // somebody takes from it, or may yet
	loose() (name string, is bool) // nobody takes from it, and something waits or could be made
	sever() bool                   // nobody will: those who feed it are to go on without it, if they can
}

// New makes an empty pipeline.
func New(name string, cfg Config) *Pipeline {
	if cfg.Grace == 0 {
		cfg.Grace = defaultGrace
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Pipeline{name: name, cfg: cfg, epoch: time.Now()}
}

// now is the pipeline's clock: ns since it was made, never going back.
func (p *Pipeline) now() int64 { return int64(time.Since(p.epoch)) }

// Name is the name that the pipeline was made with.
func (p *Pipeline) Name() string { return p.name }

// Err is what is wrong with the settings of the stages made so far: what Run
// would refuse to start with.
func (p *Pipeline) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.wrong...)
}

// add takes a stage in. On a pipeline that runs it is started; on one that drains
// it ends when nothing is left for it.
//
// One that has something wrong stays outside, and with it its outlet, if it has
// one. It spoils the pipeline only if that does not run yet.
func (p *Pipeline) add(n node, outlet outletNode) {
	p.mu.Lock()
	b := n.about()
	if b.wrong == nil {
		b.wrong = p.nameProblem(b.name)
	}
	if b.wrong != nil {
		if p.run == nil {
			p.wrong = append(p.wrong, b.wrong)
		}
		p.mu.Unlock()
		if outlet != nil {
			outlet.refuse(b.wrong)
		}
		return
	}
	p.nodes = append(p.nodes, n)
	if outlet != nil {
		p.hubs = append(p.hubs, outlet)
	}
	if p.run != nil {
		p.run.start(n, func() {})
	}
	drained, paused := p.drained, p.paused
	p.mu.Unlock()
	if outlet != nil {
		conform(outlet, paused, drained)
	}
	if drained {
		n.drain()
	}
}

// outletEnded lets stages that are not served end what depends on them, in a
// drain: nobody else would.
func (p *Pipeline) outletEnded() {
	p.mu.Lock()
	drained := p.drained
	p.mu.Unlock()
	if !drained {
		return
	}
	_, nodes := p.parts()
	for _, n := range nodes {
		if !n.feeds() && !n.about().isServing() {
			n.drain()
		}
	}
}

// feederEnded tells queues that a stage that feeds them has ended.
func (p *Pipeline) feederEnded(n node) {
	_, nodes := p.parts()
	for _, other := range nodes {
		if q, ok := other.(interface{ feederEnded(node) }); ok {
			q.feederEnded(n)
		}
	}
}

func (p *Pipeline) nameProblem(name string) error {
	if name == "" {
		return &SettingError{Of: "pipeline " + p.name, Setting: "name of a stage", Value: `""`, Want: "a name"}
	}
	if p.isTaken(name) {
		return &SettingError{Of: "pipeline " + p.name, Setting: "name of a stage", Value: strconv.Quote(name), Want: "one that is not taken"}
	}
	return nil
}

// isTaken says whether a stage has that name, or an outlet that outlives its own.
func (p *Pipeline) isTaken(name string) bool {
	return slices.ContainsFunc(p.nodes, func(n node) bool { return n.about().name == name }) ||
		slices.ContainsFunc(p.hubs, func(h outletNode) bool { return h.holds(name) })
}

// mayName says why nothing that comes without a stage of its own can have that name.
func (p *Pipeline) mayName(of, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isTaken(name) {
		return &SettingError{of, "outlet", strconv.Quote(name), "a name that is not taken"}
	}
	return nil
}

// addHub takes an outlet in that comes without a stage of its own.
func (p *Pipeline) addHub(h outletNode) {
	p.mu.Lock()
	p.hubs = append(p.hubs, h)
	drained, paused := p.drained, p.paused
	p.mu.Unlock()
	conform(h, paused, drained)
}

// conform brings a new outlet into the state that the others are in.
func conform(h outletNode, paused, drained bool) {
	if paused {
		h.pause(true)
	}
	if drained {
		h.drain()
	}
}

// forgive takes back that a stage has something wrong, when it has left.
func (p *Pipeline) forgive(wrong error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = slices.DeleteFunc(p.wrong, func(err error) bool { return err == wrong })
}

// remove forgets a stage that has left, so that its name is free.
func (p *Pipeline) remove(n node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nodes = slices.DeleteFunc(p.nodes, func(other node) bool { return other == n })
}

// removeOutlet forgets an outlet that has left, with its stage.
func (p *Pipeline) removeOutlet(n node, h outletNode) {
	p.remove(n)
	p.removeHub(h)
}

func (p *Pipeline) removeHub(h outletNode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hubs = slices.DeleteFunc(p.hubs, func(other outletNode) bool { return other == h })
}

func (p *Pipeline) parts() ([]outletNode, []node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.hubs), slices.Clone(p.nodes)
}

// Pause stops the hand-out of all outlets: no handler is given anything new and
// no source is asked, while what is in hand is finished and queues take events
// until they are full. It may be said again at no harm.
func (p *Pipeline) Pause() { p.pause(true) }

// Resume ends a Pause.
func (p *Pipeline) Resume() { p.pause(false) }

func (p *Pipeline) pause(paused bool) {
	p.mu.Lock()
	p.paused = paused
	p.mu.Unlock()
	hubs, _ := p.parts()
	for _, h := range hubs {
		h.pause(paused)
	}
}

// Snapshot reads all numbers, at any time and from any goroutine. It holds the
// lock of one outlet at a time, for the copy of about 9 KiB.
func (p *Pipeline) Snapshot() Snapshot {
	hubs, nodes := p.parts()
	s := Snapshot{
		At:      time.Now(),
		Outlets: make([]OutletSnapshot, len(hubs)),
		Stages:  make([]StageSnapshot, len(nodes)),
	}
	for i, h := range hubs {
		h.snapshot(&s.Outlets[i])
	}
	for i, n := range nodes {
		s.Stages[i] = n.snapshot()
	}
	return s
}

// Reset begins all counts and histograms anew, outlet by outlet: what is in the
// system counts as accepted, all else as 0. Nothing in flight is touched. It
// returns the outlets' numbers as they were, each at its own moment of change.
func (p *Pipeline) Reset() Snapshot {
	hubs, _ := p.parts()
	s := Snapshot{At: time.Now(), Outlets: make([]OutletSnapshot, len(hubs))}
	for i, h := range hubs {
		h.reset(&s.Outlets[i])
	}
	return s
}

func (p *Pipeline) String() string { return fmt.Sprintf("pipeline %s", p.name) }
