package observer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"

	"github.com/affluxlab/afflux/internal/profile"
	"github.com/affluxlab/afflux/internal/web"
)

// How many seconds a CPU profile, or a trace from now on, may take, and takes
// unless it is said.
const (
	longestProfile = 30
	usualProfile   = "2"
)

// download is something of the process to be kept as a file.
type download struct {
	Name string // in the path
	File string
	What string
	Tool string // the line that opens it
	take func(ctx context.Context, d time.Duration, to *bytes.Buffer) error
}

func (o *Observer) downloads() []download {
	return []download{
		{"heap", "heap.pprof", "what is on the heap, by where it was allocated", "go tool pprof -http localhost:0 heap.pprof", lookup("heap")},
		{"goroutine", "goroutine.pprof", "every stack, with its labels", "go tool pprof -http localhost:0 goroutine.pprof", lookup("goroutine")},
		{"cpu", "cpu.pprof", "who uses the processor, for 2 s", "go tool pprof -http localhost:0 -tagfocus child=http cpu.pprof", o.takeCPU},
		{"trace", "trace.out", "what ran when: the last seconds if the flight recorder is on, else 2 s from now", "go tool trace trace.out", o.takeTrace},
	}
}

func lookup(name string) func(context.Context, time.Duration, *bytes.Buffer) error {
	return func(_ context.Context, _ time.Duration, to *bytes.Buffer) error {
		return pprof.Lookup(name).WriteTo(to, 0)
	}
}

func (o *Observer) takeCPU(ctx context.Context, d time.Duration, to *bytes.Buffer) error {
	c, err := profile.TakeCPU(ctx, d, to)
	if err == nil {
		o.keepCPU(c)
	}
	return err
}

// takeTrace writes what the flight recorder has; if it is off it records first.
func (o *Observer) takeTrace(ctx context.Context, d time.Duration, to *bytes.Buffer) error {
	if _, on := o.recorder.Since(); !on {
		return profile.TakeTrace(ctx, d, to)
	}
	_, err := o.recorder.WriteTo(to)
	return err
}

func (o *Observer) lastCPU() *profile.CPU {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cpu
}

func (o *Observer) keepCPU(c profile.CPU) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cpu = &c
}

// snapshotRoutes are the downloads.
func (o *Observer) snapshotRoutes() []web.Route {
	var rows []web.Route
	for _, d := range o.downloads() {
		rows = append(rows, web.Route{Method: "GET", Path: "/api/v1/profile/" + d.Name, Class: web.API,
			Handler: func(w http.ResponseWriter, r *http.Request) { o.serveDownload(w, r, d) },
			Doc: web.Doc{Summary: "Download: " + d.What, Description: "Opened by: " + d.Tool + ". Off while other machines can reach the lab.",
				Query: []web.Parameter{{Name: "seconds", Description: "how long to measure what takes time: 1 to 30; left out: 2"}},
				Fails: []int{403, 409, 422, 500}}})
	}
	return rows
}

func (o *Observer) serveDownload(w http.ResponseWriter, r *http.Request, d download) {
	if web.CrossSite(r) { // it costs something, though it is a GET
		refuse(w, r, &actionError{status: http.StatusForbidden, text: "pages of other sites may not take profiles here"})
		return
	}
	span, err := o.spanOf(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	if r.Method == http.MethodHead {
		return // nobody would read what was measured
	}
	if !o.taking.TryLock() {
		refuse(w, r, &actionError{status: http.StatusConflict, text: "another download is being made"})
		return
	}
	defer o.taking.Unlock()
	var file bytes.Buffer
	switch err := d.take(r.Context(), span, &file); {
	case errors.Is(err, profile.ErrBusy), errors.Is(err, profile.ErrNotRecording):
		refuse(w, r, &actionError{status: http.StatusConflict, text: err.Error()})
	case err != nil:
		refuse(w, r, &actionError{status: http.StatusInternalServerError, text: err.Error()})
	default:
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", `attachment; filename="`+d.File+`"`)
		h.Set("Content-Length", strconv.Itoa(file.Len()))
		_, _ = w.Write(file.Bytes()) // the visitor left: nobody to tell
	}
}

// spanOf is for how long something is to be measured, if it may be. The error is an
// *actionError.
func (o *Observer) spanOf(r *http.Request) (time.Duration, error) {
	text := cmp.Or(r.URL.Query().Get("seconds"), usualProfile)
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 1 || n > longestProfile:
		return 0, &actionError{http.StatusUnprocessableEntity, fmt.Sprintf("seconds=%s: want a whole number, 1 to %d", text, longestProfile), "seconds"}
	case o.cfg.Off != "":
		return 0, &actionError{status: http.StatusForbidden, text: o.cfg.Off}
	}
	return time.Duration(n) * time.Second, nil
}
