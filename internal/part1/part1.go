package part1

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/internal/web"
)

// Settings are the chapter's own.
type Settings struct {
	Status int // HTTP status of a request that finds the resource full; 400 to 599
}

// MostRequests is how many requests [Part.Take] returns at most.
const MostRequests = 50

// Part is the chapter.
type Part struct {
	mock          *resource.Mock
	serial, async *endpoint
	requests      *telemetry.Reservoir[Request]
	log           *slog.Logger
	status        atomic.Int64
	made          time.Time        // the zero of its clock
	now           func() time.Time // the recorder's clock: of events that are told

	// instead, unless nil, is what async work does with its place: tests put
	// worse things here than using it.
	instead func(context.Context, *resource.Place) error

	mu    sync.Mutex    // guards what follows, and the endpoints' books
	done  uint64        // requests that are over, since the start
	life  *life         // nil while Serve does not run
	open  int           // pieces of work not finished: serial requests and async goroutines
	shut  bool          // Drain has begun: nothing more is opened
	empty chan struct{} // closed when open becomes 0; nil unless somebody waits for that
}

// life is the time between a start of Serve and its end; its goroutines are the
// async work begun in it.
type life struct {
	part *Part
	ctx  context.Context
	work sync.WaitGroup
}

// New returns the chapter, on that resource. Async work is accepted while Serve
// runs. now is the clock by which requests are dated, so that they line up with
// what is recorded.
func New(mock *resource.Mock, s Settings, log *slog.Logger, now func() time.Time) (*Part, error) {
	p := &Part{
		mock:     mock,
		serial:   newEndpoint(mock, "serial"),
		async:    newEndpoint(mock, "async"),
		requests: telemetry.NewReservoir[Request](MostRequests),
		log:      log,
		made:     time.Now(),
		now:      now,
	}
	return p, p.Apply(s)
}

// Apply changes the settings for requests that come from now on.
func (p *Part) Apply(s Settings) error {
	if s.Status < 400 || s.Status > 599 {
		return fmt.Errorf("part1: status %d: want 400 to 599", s.Status)
	}
	p.status.Store(int64(s.Status))
	return nil
}

// Routes are the chapter's endpoints.
func (p *Part) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/part1/serial", Class: web.Work, Handler: p.serveSerial},
		{Method: "GET", Path: "/part1/sync", Class: web.Work, Handler: p.serveSerial},
		{Method: "GET", Path: "/part1/async", Class: web.Work, Handler: p.serveAsync},
	}
}
