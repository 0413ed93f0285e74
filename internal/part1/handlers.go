package part1

import (
	"errors"
	"net/http"

	"github.com/affluxlab/afflux/internal/resource"
)

// Shared by all answers, so that none has to allocate its own.
var (
	ok        = []byte("OK")
	plainText = []string{"text/plain; charset=utf-8"}
	soon      = []string{"1"}
)

// serveSerial does the work within the request.
func (p *Part) serveSerial(w http.ResponseWriter, r *http.Request) {
	if !p.opened() {
		p.answer(w, errStopping)
		return
	}
	defer p.closed()
	p.answer(w, p.serial.Use(r.Context()))
}

// serveAsync has the work done later: OK means accepted, not done.
func (p *Part) serveAsync(w http.ResponseWriter, r *http.Request) {
	p.answer(w, p.doLater(r.Context()))
}

func (p *Part) answer(w http.ResponseWriter, err error) {
	h := w.Header()
	h["Content-Type"] = plainText
	if err == nil {
		w.Write(ok)
		return
	}
	status := http.StatusServiceUnavailable
	if _, full := errors.AsType[*resource.FullError](err); full {
		status = int(p.status.Load())
	} else {
		h["Retry-After"] = soon
	}
	w.WriteHeader(status)
	w.Write([]byte(err.Error()))
}
