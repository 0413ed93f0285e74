package part2

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/supervise"
)

// Caller is the name under which the chapter uses the resource.
const Caller = "part2"

// Endpoint is the name of the endpoint.
const Endpoint = "genstage"

// Options are what the chapter needs beside its settings.
type Options struct {
	// Now is the clock by which events are dated, so that they line up with what is
	// recorded; nil: time.Now.
	Now func() time.Time
	// Hook is told what happens to the nodes; see [supervise.Config]. May be nil.
	Hook func(supervise.Event)
}

// Part is the chapter.
type Part struct {
	mock   *resource.Mock
	caller *resource.Caller
	pipe   *stage.Pipeline
	queue  *stage.Queue[event]
	tree   *supervise.Tree
	made   time.Time // the zero of its clock
	opts   Options

	attempts atomic.Int64 // of the settings
	finished *telemetry.Reservoir[Event]
	recent   recent
	strides  strides
	latency  *telemetry.Histogram // of finished events, from the stamp to the end
	service  *telemetry.Histogram // of their last use
	crew     crew

	// instead, unless nil, is what is done with an event: tests put worse things
	// here than using the resource.
	instead func(context.Context) error

	mu        sync.Mutex // guards what follows
	settings  Settings   // as they are shown
	switching bool       // to the kind of the settings
	reset     Counts     // what resets took away
}

// New returns the chapter, on that resource. Events are accepted at once, and
// taken while its Tree is served.
func New(mock *resource.Mock, s Settings, opts Options) (*Part, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	p := &Part{
		mock: mock, caller: mock.Caller(Caller), pipe: stage.New("part2", stage.Config{}), made: time.Now(), opts: opts,
		finished: telemetry.NewReservoir[Event](MostEvents), latency: telemetry.NewHistogram(), service: telemetry.NewHistogram(),
	}
	p.crew = crew{part: p, takers: map[string]taker{}}
	if p.opts.Now == nil {
		p.opts.Now = time.Now
	}
	p.queue = stage.NewQueue[event](p.pipe, "producer", s.queue())
	if err := p.pipe.Err(); err != nil {
		return nil, err
	}
	var err error
	p.tree, err = supervise.New(supervise.Config{Name: "part2", Hook: p.crew.told, Children: []supervise.Child{
		{Name: "producer", Service: producer{&p.crew, p.queue}, Restart: supervise.Transient},
	}})
	if err != nil {
		return nil, err
	}
	if err := p.Apply(s); err != nil {
		return nil, err
	}
	return p, nil
}

// Tree is the supervisor whose children are the nodes of the pipeline; they come
// and go with the settings.
func (p *Part) Tree() *supervise.Tree { return p.tree }

// Apply changes the settings. What [Settings.Validate] refuses changes nothing; any
// other error is a mistake of the program. Events in the system stay what and where
// they are, but for those dealt out to consumers that leave, which go back to the
// queue. It does not wait for what is in hand.
func (p *Part) Apply(s Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := p.queue.Set(s.queue()); err != nil {
		return fmt.Errorf("part2: %w", err)
	}
	p.attempts.Store(int64(s.Attempts))
	p.recent.restart() // what ends now is not what ended before
	if err := p.crew.apply(s); err != nil {
		return fmt.Errorf("part2: %w", err)
	}
	return nil
}

// show has the settings shown as those in force.
func (p *Part) show(s Settings, switching bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings, p.switching = s, switching
}

// Routes are the chapter's endpoints.
func (p *Part) Routes() []web.Route {
	var rows []web.Route
	for _, path := range []string{"/part2/genstage", "/part2/async"} {
		for _, method := range []string{"GET", "POST"} {
			rows = append(rows, web.Route{Method: method, Path: path, Class: web.Work, Handler: p.enqueue})
		}
	}
	return rows
}
