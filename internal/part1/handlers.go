package part1

import (
	"errors"
	"net/http"
	"runtime/pprof"

	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/web"
)

// Shared by all answers, so that none has to allocate its own.
var (
	ok        = []byte("OK")
	plainText = []string{"text/plain; charset=utf-8"}
	soon      = []string{"1"}
)

// serveSerial does the work within the request.
func (p *Part) serveSerial(w http.ResponseWriter, r *http.Request) {
	pprof.SetGoroutineLabels(serialLabels)
	defer pprof.SetGoroutineLabels(r.Context()) // the connection goes on with another request
	var times resource.Times
	req, err := p.arrive(p.serial, web.Arrived(r))
	defer func() {
		p.answered(p.serial, &req, err)
		p.over(p.serial, &req, times, outcomeOf(times, err))
	}()
	if err == nil {
		err = errPanicked // unless the use tells otherwise
		times, err = p.serial.caller.UseTimed(r.Context())
	}
	p.answer(w, err)
}

// serveAsync has the work done later: OK means accepted, not done.
func (p *Part) serveAsync(w http.ResponseWriter, r *http.Request) {
	req, err := p.arrive(p.async, web.Arrived(r))
	var j *job
	if err == nil {
		j, err = p.accept(r.Context(), req)
	}
	p.answer(w, err)
	p.answered(p.async, &req, err)
	if err != nil {
		p.over(p.async, &req, resource.Times{}, outcomeOf(resource.Times{}, err))
		return
	}
	j.answered = req.answered
	go j.run()
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
