package lab

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"github.com/affluxlab/afflux"
	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/guide"
	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/observer"
	"github.com/affluxlab/afflux/internal/part1"
	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/pipelines"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/supervise"
)

// module is cut off the places that the observer shows.
const module = "github.com/affluxlab/afflux"

// Options are what a lab needs beside its settings.
type Options struct {
	Log     *slog.Logger
	Version string
}

// Lab is the laboratory.
type Lab struct {
	log      *slog.Logger
	mock     *resource.Mock
	part1    *part1.Part
	part2    *part2.Part
	observer *observer.Observer
	stages   *pipelines.Board
	site     *live.Site
	server   *web.Server
	tree     *supervise.Tree
	recorder *telemetry.Recorder
	marks    *telemetry.Log[telemetry.Mark]

	epochs   sync.RWMutex // held by a reset; read by the recorder, so that none comes within a sample
	epoch    uint64       // resets so far
	now      moment       // the recorder's: filled anew for each sample
	workshop lastOnes     // the recorder's
	load     loadWatch    // the recorder's
	drops    dropWatch    // the recorder's

	mu       sync.Mutex // guards settings, and that changes reach the rooms one after the other
	settings config.Settings
}

// New builds a lab that does not run yet.
func New(s config.Settings, opts Options) (*Lab, error) {
	l := &Lab{log: opts.Log, settings: s, marks: telemetry.NewLog[telemetry.Mark](keptMarks)}
	for _, build := range []func() error{l.buildRooms, l.buildSite, func() error { return l.buildServer(opts.Version) }, l.buildTree} {
		if err := build(); err != nil {
			return nil, fmt.Errorf("build the lab: %w", err)
		}
	}
	return l, nil
}

func (l *Lab) buildRooms() (err error) {
	if l.mock, err = resource.New(l.settings.Resource.Settings); err != nil {
		return err
	}
	if l.observer, err = observer.New(l.observed()); err != nil {
		return err
	}
	if l.recorder, err = telemetry.NewRecorder(l.instrument()); err != nil {
		return err
	}
	if l.part1, err = part1.New(l.mock, part1.Settings{Status: l.settings.Resource.Status}, l.log, l.recorder.Now); err != nil {
		return err
	}
	l.part2, err = part2.New(l.mock, pipelineSettings(l.settings.Pipeline), part2.Options{Now: l.recorder.Now, Hook: l.tell})
	l.stages = pipelines.New(pipelines.Config{Pipelines: l.pipelines, Hrefs: l.hrefs})
	return err
}

func (l *Lab) buildSite() (err error) {
	if l.site, err = live.New(live.Config{
		Log: l.log, Token: l.settings.Server.Token != "", Viewers: l.settings.Server.Viewers, Past: l.past,
	}); err != nil {
		return err
	}
	book, err := guide.New(afflux.Source())
	if err != nil {
		return err
	}
	for _, p := range slices.Concat([]live.Page{l.home(), l.part1.Page(), l.part2.Page(), l.observer.Page(), l.stages.Page()}, book.Pages()) {
		if err := l.site.Add(p); err != nil {
			return err
		}
	}
	l.site.Watch(l.values())
	l.site.Watch(l.part1.Values(l.recorder))
	l.site.Watch(l.part2.Values(l.recorder))
	for _, p := range slices.Concat(l.part1.Panels(), l.part2.Panels(), l.observer.Panels(), l.stages.Panels()) {
		l.site.Share(p)
	}
	l.feed()
	l.site.Fill("strip", l.panel("strip-panel", nil))
	l.site.Fill("proposal", l.panel("proposal-panel", l.proposal))
	l.site.Fill("part1/controls", l.panel("resource-panel", l.view))
	l.site.Fill("part2/controls", l.panel("pipeline-panel", l.view))
	l.site.Fill("part2/controls", l.panel("resource-panel", l.view))
	return nil
}

func (l *Lab) buildServer(version string) (err error) {
	rows := []web.Route{{Method: "GET", Path: "/metrics", Class: web.API, Handler: telemetry.Handler(l.metrics(), l.requestMetrics(), l.pipelineMetrics())}}
	for _, more := range [][]web.Route{l.routes(), l.pipelineRoutes(), l.part1.Routes(), l.part2.Routes(), l.observer.Routes(), l.stages.Routes(), l.site.Routes()} {
		rows = append(rows, more...)
	}
	l.server, err = web.New(web.Config{
		Routes:  rows,
		Token:   l.settings.Server.Token,
		Hosts:   l.settings.Server.Hosts,
		Ready:   l.ready,
		Login:   l.site.Login,
		Log:     l.log,
		Version: version,
	})
	return err
}

// buildTree declares who is supervised, in start order. The server comes first
// so that it is stopped last and answers to the end.
func (l *Lab) buildTree() (err error) {
	children := []supervise.Child{
		{Name: "http", Service: l.server},
		{Name: "mock-resource", Service: l.mock},
		{Name: "part1", Service: l.part1},
		{Name: "part2", Service: l.part2.Tree()},
	}
	watching, err := supervise.New(supervise.Config{Name: "telemetry", Hook: l.tell, Children: []supervise.Child{
		{Name: "recorder", Service: l.recorder},
		{Name: "stream", Service: l.site},
		{Name: "observer", Service: l.observer},
	}})
	if err != nil {
		return err
	}
	children = append(children, supervise.Child{Name: "telemetry", Service: watching})
	if addr := l.settings.Server.DebugAddr; addr != "" {
		debug, err := web.NewDebug(addr)
		if err != nil {
			return err
		}
		children = append(children, supervise.Child{Name: "debug", Service: debug})
	}
	l.tree, err = supervise.New(supervise.Config{Name: "afflux", Children: children, Hook: l.tell})
	return err
}

// Bind gives the lab the listeners that it will answer on.
func (l *Lab) Bind(listeners *web.Listeners) { l.server.Bind(listeners) }

// Handler answers as the lab does, without a listener.
func (l *Lab) Handler() http.Handler { return l.server.Handler() }

// Routes are all routes of the lab.
func (l *Lab) Routes() []web.Route { return l.server.Routes() }

// Tree is the supervision tree as it stands.
func (l *Lab) Tree() supervise.Node { return l.tree.Snapshot() }

// Kill ends a child of the tree abnormally; see [supervise.Tree.Kill].
func (l *Lab) Kill(name string) error { return l.tree.Kill(name) }

// ready says why work would not be taken, if it would not.
func (l *Lab) ready() error {
	for _, c := range l.Tree().Children {
		if c.State != supervise.StateRunning {
			return fmt.Errorf("%s is %s", c.Name, c.State)
		}
	}
	if !l.mock.Running() {
		return resource.ErrRestarted
	}
	return nil
}
