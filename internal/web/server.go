package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what a server serves, and to whom.
type Config struct {
	Routes  []Route      // of all rooms; the server adds health, /openapi.json and, with a token, /login
	Token   string       // empty: nobody is asked for one
	Hosts   []string     // further names that requests may use
	Ready   func() error // nil when the lab is ready; else why it is not
	Login   LoginPage    // draws the form; needed with a token
	Log     *slog.Logger // nil: nothing is logged
	Version string       // for the OpenAPI document
}

// Limits of a connection. Variables so that tests need not wait for them.
var (
	headerTime = 5 * time.Second
	bodyTime   = 10 * time.Second
	answerTime = 10 * time.Second // for a page or an API answer to be taken by its reader
	farewell   = time.Second      // for requests in hand when Serve's context ends
)

const maxHeaderBytes = 16 << 10

// Server is the lab's HTTP server, a service for a supervisor.
type Server struct {
	cfg      Config
	routes   []Route
	mux      *http.ServeMux
	direct   map[string]http.HandlerFunc // GET of work, by path: found without the mux, which costs as much as all guards
	hosts    hosts
	token    token
	cross    *http.CrossOriginProtection
	failures attempts
	stopping atomic.Bool
	conns    atomic.Int64
	streams  context.Context // ends when the stop begins
	endAll   context.CancelCauseFunc

	openAPI []byte

	mu    sync.Mutex // guards what follows
	bound *Listeners // taken by the next Serve; nil: addrs are bound anew
	addrs []string
}

// New checks the table of routes and returns a server without listeners. The
// error names the row that is wrong.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, hosts: newHosts(cfg.Hosts), token: newToken(cfg.Token), cross: http.NewCrossOriginProtection()}
	s.streams, s.endAll = context.WithCancelCause(context.Background())
	s.routes = append(append(s.routes, cfg.Routes...), s.own()...)
	if err := checkRoutes(s.routes); err != nil {
		return nil, err
	}
	if cfg.Token != "" && cfg.Login == nil {
		return nil, errors.New("web: a token needs a login page")
	}
	var err error
	if s.openAPI, err = openAPI(cfg); err != nil {
		return nil, err
	}
	return s, s.mount()
}

// own are the routes that the server adds to those of the rooms.
func (s *Server) own() []Route {
	own := []Route{
		{Method: "GET", Path: "/livez", Class: Open, Handler: s.serveLive},
		{Method: "GET", Path: "/readyz", Class: Open, Handler: s.serveReady},
		{Method: "GET", Path: "/openapi.json", Class: API, Handler: s.serveOpenAPI},
	}
	if s.cfg.Token != "" {
		own = append(own,
			Route{Method: "GET", Path: "/login", Class: Open, Handler: s.showLogin},
			Route{Method: "POST", Path: "/login", Class: Open, Handler: s.takeLogin})
	}
	return own
}

// mount makes the mux. It panics on patterns that conflict, which checkRoutes
// cannot see, so that panic is turned into the error it is.
func (s *Server) mount() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("web: routes: %v", v)
		}
	}()
	s.mux, s.direct = http.NewServeMux(), map[string]http.HandlerFunc{}
	for _, r := range s.routes {
		h := s.guarded(r.Class, r.Handler)
		s.mux.HandleFunc(r.Method+" "+r.Path, h)
		if r.Class == Work && r.Method == http.MethodGet && !strings.Contains(r.Path, "{") {
			s.direct[r.Path] = h
		}
	}
	s.mountSlashes()
	s.mux.HandleFunc("/", s.guarded(Page, s.serveUnknown))
	s.mux.HandleFunc("/api", s.guarded(API, s.serveUnknown)) // else the mux redirects it to the next
	s.mux.HandleFunc("/api/", s.guarded(API, s.serveUnknown))
	return nil
}

// Routes are all rows, the server's own included.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

// Handler is everything that Serve answers with, guards included.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r)
		takeInTime(w)
	})
}

// StopWork begins a stop: work is refused from now on, streams end, everything
// else goes on.
func (s *Server) StopWork() {
	s.stopping.Store(true)
	s.endAll(ErrStopping)
}

// Bind gives the next Serve its listeners.
func (s *Server) Bind(l *Listeners) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound, s.addrs = l, l.Addrs()
	s.hosts.bind(s.addrs)
}

// Serve answers on the listeners bound, if any were, until ctx ends, then leaves: requests in
// hand get a second, then their connections are closed and their handlers waited
// for. Called again it binds the same addresses anew; the error is that of a
// listener, or the cause of ctx.
func (s *Server) Serve(ctx context.Context) error {
	listeners, err := s.takeListeners()
	if err != nil {
		return err
	}
	return serveUntil(ctx, &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime, // of what net/http refuses by itself; distrust says for all else
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    maxHeaderBytes,
		// Warnings, as the panics of handlers come this way.
		ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelWarn),
	}, listeners, &s.conns)
}

// Conns is how many connections are open.
func (s *Server) Conns() int { return int(s.conns.Load()) }

func (s *Server) takeListeners() (*Listeners, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound == nil {
		return listenAll(s.addrs)
	}
	l := s.bound
	s.bound = nil
	return l, nil
}
