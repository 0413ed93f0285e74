package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"time"
)

// Debug serves Go's profiler, on this machine only and never beside the lab's
// own routes.
type Debug struct{ addr string }

// NewDebug returns the service; the error is that addr could be reached from
// other machines.
func NewDebug(addr string) (*Debug, error) {
	if Exposed(addr) {
		return nil, fmt.Errorf("server.debug_addr %s can be reached from other machines; the profiler listens on localhost only", addr)
	}
	return &Debug{addr}, nil
}

// Serve answers until ctx ends.
func (d *Debug) Serve(ctx context.Context) error {
	listeners, err := Listen(d.addr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	own := newHosts(nil)
	srv := &http.Server{ReadHeaderTimeout: headerTime, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeaderBytes,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !own.allow(r) {
				refuse(w, r, http.StatusMisdirectedRequest, "the profiler answers to localhost only")
				return
			}
			mux.ServeHTTP(w, r)
		})}
	failed := make(chan error, len(listeners.all)) // room for all: none waits to tell
	for _, l := range listeners.all {
		go func() { failed <- srv.Serve(l) }()
	}
	select {
	case <-ctx.Done():
		err = context.Cause(ctx)
	case err = <-failed:
	}
	srv.Close()
	return err
}
