package web

import (
	"errors"
	"net/http"
)

// ErrStopping is the cause with which the context of a [Stream] ends when the
// stop begins.
var ErrStopping = errors.New("the lab is stopping")

// serveLive says that the process answers at all.
func (s *Server) serveLive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	Text(w, http.StatusOK, "ok")
}

// serveReady says whether work sent here would be taken.
func (s *Server) serveReady(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	err := ErrStopping
	if !s.stopping.Load() {
		err = nil
		if s.cfg.Ready != nil {
			err = s.cfg.Ready()
		}
	}
	if err != nil {
		w.Header().Set("Retry-After", "1")
		Text(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	Text(w, http.StatusOK, "ready")
}
