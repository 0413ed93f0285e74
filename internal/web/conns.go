package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// MaxConns is how many connections one listener holds at a time, fewer where the
// process may not open that many files; more wait in the kernel's queue.
const MaxConns = 20_000

// connsEach is that bound for each of some listeners: a quarter of the files
// stays free for what else the process opens.
func connsEach(listeners, files int) int {
	return max(1, min(MaxConns, files/4*3/max(1, listeners)))
}

// serveUntil answers on listeners until ctx ends or one of them fails, then
// leaves: requests in hand get a moment, then their contexts end and their
// connections are closed. It waits for connections, not requests: a request just
// read has a connection before it has a handler. The error is ctx's cause or the
// listener's. Open counts the connections.
func serveUntil(ctx context.Context, srv *http.Server, listeners *Listeners, open *atomic.Int64) error {
	// net/http answers OPTIONS * by itself otherwise, before every guard, and waits
	// for its body without a deadline.
	srv.DisableGeneralOptionsHandler = true
	var conns sync.WaitGroup
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateActive:
			if c, ok := c.(*limitedConn); ok {
				c.active()
			}
		case http.StateNew:
			conns.Add(1)
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
			conns.Done()
		}
	}
	// Closing a connection ends its request's context only while net/http reads
	// from it, which it does not with another request waiting behind.
	base, cut := context.WithCancel(context.WithoutCancel(ctx)) // with its labels for profiles
	defer cut()
	srv.BaseContext = func(net.Listener) context.Context { return base }
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}

	failed := make(chan error, len(listeners.all)) // room for all: none waits to tell
	for _, l := range listeners.all {
		l = limit(l, connsEach(len(listeners.all), openFiles()))
		go func() { failed <- srv.Serve(l) }()
	}
	running := len(listeners.all)
	var err error
	select {
	case <-ctx.Done():
		err = context.Cause(ctx)
	case err = <-failed:
		running--
	}
	leave(srv, cut)
	for range running {
		<-failed
	}
	conns.Wait() // only now: a listener that accepts would still add to them
	return err
}

func leave(srv *http.Server, cut context.CancelFunc) {
	patience, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if srv.Shutdown(patience) != nil {
		cut()
		srv.Close()
	}
}
