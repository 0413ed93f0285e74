package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"
)

// MaxBody is the longest body that any route takes.
const MaxBody = 64 << 10

// discardBody reads a body that a work route has no use for, so that the
// connection can go on. The deadline for it is lifted afterwards: one that passes
// later would cancel the request's context in the midst of its work.
func discardBody(w http.ResponseWriter, r *http.Request) bool {
	return slurp(w, r, io.Discard)
}

// readBody replaces a body by its bytes, read in time.
func readBody(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength <= 0 {
		return true
	}
	var b bytes.Buffer
	if !slurp(w, r, &b) {
		return false
	}
	r.Body = io.NopCloser(&b)
	return true
}

// slurp reads a body whole, under the deadline that every request with one has.
func slurp(w http.ResponseWriter, r *http.Request, to io.Writer) bool {
	if r.ContentLength > MaxBody {
		w.Header().Set("Connection", "close")
		refuse(w, r, http.StatusRequestEntityTooLarge, "a body may have 64 KiB")
		return false
	}
	if _, err := io.Copy(to, http.MaxBytesReader(w, r.Body, MaxBody)); err != nil {
		w.Header().Set("Connection", "close")
		refuse(w, r, http.StatusRequestTimeout, "the body did not come in time")
		return false
	}
	// A writer without deadlines, as in a test, has no slow reader either.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return true
}

// answerInTime runs h with a deadline for its answer to be taken. The deadline
// belongs to the connection, so it is lifted before the next request, which may
// be one that works for an hour.
func answerInTime(w http.ResponseWriter, r *http.Request, h http.HandlerFunc) {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(answerTime))
	h(w, r)
	if err := control.Flush(); err == nil || errors.Is(err, http.ErrNotSupported) {
		_ = control.SetWriteDeadline(time.Time{})
	}
}
