package observer

import (
	"bytes"
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

// How long a CPU profile, or a trace from now on, may take, and takes unless it is
// said.
const (
	longestProfile = 30 * time.Second
	usualProfile   = 2 * time.Second
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
		if err := o.recorder.Start(); err != nil {
			return err
		}
		defer o.recorder.Stop()
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
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
	span, err := secondsOf(r)
	if err != nil {
		web.Fail(w, r, web.Problem{Status: http.StatusUnprocessableEntity, Detail: err.Error(), Errors: []web.FieldError{{Field: "seconds", Detail: err.Error()}}})
		return
	}
	if o.cfg.Off != "" {
		web.Fail(w, r, web.Problem{Status: http.StatusForbidden, Detail: o.cfg.Off})
		return
	}
	var file bytes.Buffer
	switch err := d.take(r.Context(), span, &file); {
	case errors.Is(err, profile.ErrBusy):
		web.Fail(w, r, web.Problem{Status: http.StatusConflict, Detail: err.Error()})
	case err != nil:
		web.Fail(w, r, web.Problem{Status: http.StatusInternalServerError, Detail: err.Error()})
	default:
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", `attachment; filename="`+d.File+`"`)
		h.Set("Content-Length", strconv.Itoa(file.Len()))
		_, _ = w.Write(file.Bytes()) // the visitor left: nobody to tell
	}
}

func secondsOf(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("seconds")
	if text == "" {
		return usualProfile, nil
	}
	n, err := strconv.Atoi(text)
	if d := time.Duration(n) * time.Second; err == nil && d >= time.Second && d <= longestProfile {
		return d, nil
	}
	return 0, fmt.Errorf("seconds=%s: want a whole number, 1 to %d", text, longestProfile/time.Second)
}
