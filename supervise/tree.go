package supervise

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Tree is a supervisor. It is a Service, so trees nest. Its methods may be
// called from any goroutine.
type Tree struct {
	cfg    Config
	source string
	mute   bool // the hook panicked; the serving goroutine's alone

	// wake has the loop look at reports and children; one token is enough.
	wake chan struct{}

	mu sync.Mutex // guards what follows and the children's books; never held while calling out
	// children are only ever appended in place, and removed by making a new slice:
	// who has read it under the lock may go through it without.
	children []*child
	changes  int // of children, so far
	// reports is what the loop has not heard yet. Nobody has to wait to append
	// when nobody serves, nor can it grow without end: a child has one goroutine at
	// a time, and is reported as removed only if it has had one.
	reports   []report
	intensity intensity
	state     State
	since     time.Time // when it came into that state
	startedAt time.Time
	lastErr   string
}

// New checks cfg and returns a tree that does not run yet. The errors name what
// is wrong.
func New(cfg Config) (*Tree, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	t := &Tree{
		cfg:       cfg,
		source:    callerOfCaller(),
		intensity: cfg.intensity(),
		state:     StateIdle,
		since:     time.Now(),
		wake:      make(chan struct{}, 1),
	}
	for _, c := range cfg.Children {
		t.children = append(t.children, newChild(c))
	}
	return t, nil
}

// Serve starts the children and keeps them until ctx ends; then it stops them
// and returns nil, or a *[StuckError] that names those that would not stop. It
// returns earlier only when the restart intensity is exceeded: an
// *[IntensityError], joined with a *StuckError if need be. A tree whose children
// have all finished goes on; one whose context is over starts none. After Serve has returned it can be called again;
// before that the answer is [ErrServing].
func (t *Tree) Serve(ctx context.Context) error {
	if err := t.begin(); err != nil {
		return err
	}
	err := errHook // stays if the hook panics or exits the goroutine
	defer func() { t.end(err) }()
	err = t.keep(ctx)
	return err
}

// keep is the life of the tree: one loop that alone starts, restarts and stops.
func (t *Tree) keep(ctx context.Context) error {
	for ctx.Err() == nil {
		r, children, ok := t.look()
		if !ok {
			t.act(ctx, children)
			t.wait(ctx.Done())
			continue
		}
		if err := t.hear(r); err != nil {
			return errors.Join(t.stop(), err) // first, as err may hold a StuckError of long ago
		}
	}
	return t.stop()
}

func (t *Tree) begin() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == StateRunning || t.state == StateStopping {
		return ErrServing
	}
	t.enter(StateRunning)
	t.startedAt = t.since
	t.intensity, t.mute = t.cfg.intensity(), false
	return nil
}

// enter puts the tree into a state. It is called under the lock.
func (t *Tree) enter(s State) { t.state, t.since = s, time.Now() }

// end closes the books of one Serve. The children must not outlive it even if
// it ends by a panic of the hook, which is not caught here.
func (t *Tree) end(err error) {
	if err == errHook {
		t.mute = true
		err = errors.Join(err, t.stop())
	}
	state, said := StateStopped, fmt.Sprint(err)
	if errors.Is(err, ErrIntensity) || errors.Is(err, errHook) {
		state = StateFailed
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.enter(state)
	if err != nil {
		t.lastErr = said
	}
}

func (t *Tree) tell(e Event) {
	if t.cfg.Hook != nil && !t.mute {
		t.cfg.Hook(e)
	}
}

func (t *Tree) about(c *child) About {
	return About{Tree: t.cfg.Name, Child: c.Name, At: time.Now()}
}
