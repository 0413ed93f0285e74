// Package observer shows what the process is made of and what it does: the
// supervision tree, its nodes with their figures, the goroutines by what they do,
// who uses the processor, and the Go runtime. It can kill, pause and resume nodes,
// and hands out profiles.
//
// It is handed functions for the tree and for what rooms tell of their nodes, and
// does not know who they are.
package observer

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/affluxlab/afflux/internal/profile"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/supervise"
)

// Config says what is observed. Tree and Kill are needed.
type Config struct {
	Tree     func() supervise.Node
	Kill     func(name string) error // see [supervise.Tree.Kill]
	Facts    func() map[string]Facts // of nodes, by name; nil: nobody tells any
	Switches map[string]Switch       // what can be paused, by name of its node
	Off      string                  // why nothing may be done and no profile taken; empty: it may
	Module   string                  // import path that is cut off the places in the source
	Rooms    map[string]string       // what packages of the module are in words: "the mock resource"
	Source   fs.FS                   // the module's files, to show code; nil: none is shown
	Log      *slog.Logger            // nil: nothing is logged
}

// Observer is the room. It measures while it is served, and shows what there is at
// any time.
type Observer struct {
	cfg      Config
	started  time.Time
	vitals   *vitals
	history  history
	census   *census
	events   events
	recorder profile.FlightRecorder
	taking   sync.Mutex // held while a download is made, since it may be large

	mu    sync.Mutex // guards what follows
	since usage      // what the process had used at the last Mark
	cpu   *profile.CPU
}

// New returns an observer of this process, whose uptime begins now.
func New(cfg Config) (*Observer, error) {
	if cfg.Facts == nil {
		cfg.Facts = func() map[string]Facts { return nil }
	}
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	o := &Observer{cfg: cfg, started: time.Now(), vitals: newVitals(), census: newCensus(cfg.Module)}
	return o, o.Mark()
}

// Mark begins a new stretch, as a reset of the lab does.
func (o *Observer) Mark() error {
	u, err := used()
	if err != nil {
		return err
	}
	o.history.reset()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since = u
	return nil
}

// longestRecording is when the flight recorder is switched off if nobody does.
const longestRecording = 10 * time.Minute

// Serve keeps the facts of each second, and takes censuses while somebody looks,
// until ctx ends. It returns ctx's cause.
func (o *Observer) Serve(ctx context.Context) error {
	defer o.recorder.Stop()
	seconds := time.NewTicker(sampleEvery)
	defer seconds.Stop()
	for {
		var due <-chan time.Time
		if wait, wanted := o.census.due(time.Now()); wanted {
			due = time.After(max(wait, time.Millisecond))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-o.census.wake:
		case <-due:
			if err := o.census.take(); err != nil {
				o.cfg.Log.Error("no census of goroutines", "err", err)
			}
		case <-seconds.C:
			o.history.add(o.cfg.Facts)
			now := time.Now() // a census may have held the tick up
			if since, on := o.recorder.Since(); on && now.Sub(since) > longestRecording {
				o.recorder.Stop()
			}
		}
	}
}

// place cuts the module's own path off: what is left is a path in its repository.
func (o *Observer) place(source string) string {
	return strings.TrimPrefix(source, o.cfg.Module+"/")
}

// All is the whole observer at one moment.
type All struct {
	Tree       Node       `json:"tree"`
	Processes  Processes  `json:"processes"`
	Goroutines CensusView `json:"goroutines"`
	CPU        *CPUView   `json:"cpu"` // null: not measured yet
	Runtime    Runtime    `json:"runtime"`
	Log        []Entry    `json:"log"` // the newest first
	Actions    string     `json:"actions_off"`
}

// All looks at everything. It waits up to two seconds for a census, if there is no
// fresh one.
func (o *Observer) All(ctx context.Context, window string) (All, error) {
	counted, taken := o.census.fresh(ctx)
	figures, err := o.Figures()
	return All{
		Tree: o.Node(), Processes: o.Processes(window), Goroutines: o.view(counted, taken),
		CPU: o.cpuView(), Runtime: figures, Log: o.events.newest(keptEvents), Actions: o.cfg.Off,
	}, err
}

func (o *Observer) serveAll(w http.ResponseWriter, r *http.Request) {
	window, ok := o.windowOf(w, r)
	if !ok {
		return
	}
	all, err := o.All(r.Context(), window)
	if err != nil {
		web.Fail(w, r, web.Problem{Status: http.StatusInternalServerError, Detail: err.Error()})
		return
	}
	web.JSON(w, http.StatusOK, all)
}

func (o *Observer) serveProcesses(w http.ResponseWriter, r *http.Request) {
	if window, ok := o.windowOf(w, r); ok {
		o.census.fresh(r.Context())
		web.JSON(w, http.StatusOK, o.Processes(window))
	}
}

// windowOf is the window that is asked for; false: there is none of that name,
// which has been said.
func (o *Observer) windowOf(w http.ResponseWriter, r *http.Request) (string, bool) {
	name := cmp.Or(r.URL.Query().Get("window"), Windows[0].Name)
	if _, ok := windowSpan(name); ok {
		return name, true
	}
	detail := "want one of " + strings.Join(windowNames(), ", ")
	web.Fail(w, r, web.Problem{Status: http.StatusUnprocessableEntity, Detail: "window=" + name + ": " + detail, Errors: []web.FieldError{{Field: "window", Detail: detail}}})
	return "", false
}

func windowNames() (names []string) {
	for _, w := range Windows {
		names = append(names, w.Name)
	}
	return names
}
