package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"
)

// Debug serves Go's profiler, on this machine only and never beside the lab's
// own routes.
type Debug struct {
	addr  string
	first *Listeners // for the first Serve; a restart binds anew
}

// NewDebug binds addr, so that a port that is taken is told at once. The other
// error is that addr could be reached from other machines.
func NewDebug(addr string) (*Debug, error) {
	if Exposed(addr) {
		return nil, fmt.Errorf("server.debug_addr %s can be reached from other machines; the profiler listens on localhost only", addr)
	}
	l, err := Listen(addr)
	if err != nil {
		return nil, fmt.Errorf("server.debug_addr: %w", err)
	}
	return &Debug{addr, l}, nil
}

// Serve answers until ctx ends.
func (d *Debug) Serve(ctx context.Context) error {
	listeners, err := d.first, error(nil)
	if d.first = nil; listeners == nil {
		if listeners, err = Listen(d.addr); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	own := newHosts(nil)
	srv := &http.Server{ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeaderBytes,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			distrust(w, r)
			if !own.allow(r) {
				refuse(w, r, http.StatusMisdirectedRequest, "the profiler answers to localhost only")
				return
			}
			mux.ServeHTTP(w, r)
		})}
	return serveUntil(ctx, srv, listeners, new(atomic.Int64))
}
