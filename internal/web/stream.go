package web

import (
	"context"
	"net/http"
)

// stream runs a handler that answers for as long as its reader stays. It has all
// deadlines to itself. Its context ends with the request, or with the cause
// [ErrStopping] when the stop begins: a stream must not hold that up.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, h http.HandlerFunc) {
	// A stream that has ended leaves its deadlines on the connection, so nothing
	// else comes over it.
	w.Header()["Connection"] = closing
	makeSmall(r)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(s.streams, func() { cancel(ErrStopping) })()
	h(w, r.WithContext(ctx))
}
