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
// connection can go on. The deadline stands only around the reading: one that
// passes later would cancel the request's context in the midst of its work.
func discardBody(w http.ResponseWriter, r *http.Request) bool {
	_, ok := slurp(w, r, io.Discard)
	return ok
}

// readBody replaces a body by its bytes, read in time.
func readBody(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength <= 0 {
		return true
	}
	var b bytes.Buffer
	if _, ok := slurp(w, r, &b); !ok {
		return false
	}
	r.Body = io.NopCloser(&b)
	return true
}

func slurp(w http.ResponseWriter, r *http.Request, to io.Writer) (n int64, ok bool) {
	if r.ContentLength > MaxBody {
		w.Header().Set("Connection", "close")
		refuse(w, r, http.StatusRequestEntityTooLarge, "a body may have 64 KiB")
		return 0, false
	}
	// A writer without deadlines, as in a test, has no slow reader either.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	n, err := io.Copy(to, http.MaxBytesReader(w, r.Body, MaxBody))
	_ = control.SetReadDeadline(time.Time{})
	if err != nil {
		w.Header().Set("Connection", "close")
		refuse(w, r, http.StatusRequestTimeout, "the body did not come in time")
		return n, false
	}
	return n, true
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
