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

var closing = []string{"close"}

// distrust ends the connection after the answer unless the body is read in time.
// net/http reads what a refused request still sends, even of a connection about
// to be closed, and sets no deadline for it: whoever sends slowly would hold the
// connection for ever. The deadline stands only until the body has been read: one
// that passes later would cancel the request's context in the midst of its work.
// So the server's own, for what net/http refuses without asking, ends here.
func distrust(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		readUntil(w, time.Time{})
		return
	}
	w.Header()["Connection"] = closing
	readUntil(w, time.Now().Add(bodyTime))
}

// readUntil does without a ResponseController, which allocates for a writer that
// has no deadlines, as in a test; such a one has no slow reader either.
func readUntil(w http.ResponseWriter, at time.Time) {
	if c, ok := w.(interface{ SetReadDeadline(time.Time) error }); ok {
		_ = c.SetReadDeadline(at) // fails on a connection that is gone
	}
}

// takeInTime gives whoever asked some time to take what is left of the answer,
// which for work, and for what is refused before its class is known, is all of it.
// net/http lifts the deadline once that is written.
func takeInTime(w http.ResponseWriter) {
	if c, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = c.SetWriteDeadline(time.Now().Add(answerTime))
	}
}

// discardBody reads a body that a work route has no use for, so that the
// connection can go on.
func discardBody(w http.ResponseWriter, r *http.Request) bool {
	return slurp(w, r, io.Discard)
}

// readBody replaces a body by its bytes, read in time.
func readBody(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	var b bytes.Buffer
	if !slurp(w, r, &b) {
		return false
	}
	r.Body = io.NopCloser(&b)
	return true
}

func slurp(w http.ResponseWriter, r *http.Request, to io.Writer) bool {
	if r.ContentLength > MaxBody {
		refuse(w, r, http.StatusRequestEntityTooLarge, "a body may have 64 KiB")
		return false
	}
	_, err := io.Copy(to, http.MaxBytesReader(w, r.Body, MaxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		refuse(w, r, http.StatusRequestEntityTooLarge, "a body may have 64 KiB")
		return false
	}
	if err != nil {
		refuse(w, r, http.StatusRequestTimeout, "the body did not come in time")
		return false
	}
	// In HTTP/1.0, net/http passes over a Transfer-Encoding without a word. What it
	// takes for the next request may have been part of this one to a proxy.
	if r.ProtoAtLeast(1, 1) {
		delete(w.Header(), "Connection")
	}
	readUntil(w, time.Time{})
	return true
}

// answerInTime runs h with a deadline for each piece of its answer to be taken,
// not for its work: an answer may be long in the making. The deadline belongs to
// the connection, so it is lifted before the next request, which may be one that
// works for an hour.
func answerInTime(w http.ResponseWriter, r *http.Request, h http.HandlerFunc) {
	timed := &timedWriter{ResponseWriter: w, control: http.NewResponseController(w)}
	h(timed, r)
	timed.own = false
	if err := timed.FlushError(); err == nil || errors.Is(err, http.ErrNotSupported) {
		_ = timed.control.SetWriteDeadline(time.Time{})
	}
}

// timedWriter renews the deadline before each write, until its handler sets one
// of its own, as a stream does.
type timedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	own     bool
}

func (t *timedWriter) Write(p []byte) (int, error) {
	t.renew()
	return t.ResponseWriter.Write(p)
}

// FlushError is what [http.ResponseController] asks for.
func (t *timedWriter) FlushError() error {
	t.renew()
	return t.control.Flush()
}

// Flush is what code older than ResponseController asks for.
func (t *timedWriter) Flush() { _ = t.FlushError() }

// SetWriteDeadline leaves the deadlines to the handler from now on.
func (t *timedWriter) SetWriteDeadline(at time.Time) error {
	t.own = true
	return t.control.SetWriteDeadline(at)
}

// Unwrap lets a ResponseController find the rest.
func (t *timedWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *timedWriter) renew() {
	if !t.own {
		_ = t.control.SetWriteDeadline(time.Now().Add(answerTime))
	}
}
