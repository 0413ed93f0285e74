package observer

import (
	"errors"
	"net/http"
	"time"

	"github.com/affluxlab/afflux/internal/profile"
	"github.com/affluxlab/afflux/internal/web"
)

// CPUView is who used the processor in the newest profile, as the API shows it.
type CPUView struct {
	At     time.Time   `json:"at"` // its end
	OverS  float64     `json:"over_s"`
	UsedS  float64     `json:"used_s"`
	Shares []ShareView `json:"shares"`
}

// ShareView is what goroutines with the same labels used.
type ShareView struct {
	Labels  map[string]string `json:"labels"` // empty: the runtime's own, such as collecting garbage
	UsedS   float64           `json:"used_s"`
	Percent float64           `json:"percent"` // of a core
	Samples int               `json:"samples"` // few: a guess
}

// Whose they are, in words.
func (s ShareView) Whose() string {
	if len(s.Labels) == 0 {
		return "the Go runtime, and what has no label"
	}
	return labelled(s.Labels)
}

func (o *Observer) cpuView() *CPUView {
	c := o.lastCPU()
	if c == nil {
		return nil
	}
	v := CPUView{At: c.At, OverS: c.Over.Seconds(), UsedS: c.Used.Seconds(), Shares: []ShareView{}}
	for _, s := range c.Shares {
		labels := s.Labels
		if labels == nil {
			labels = map[string]string{}
		}
		v.Shares = append(v.Shares, ShareView{labels, s.Used.Seconds(), 100 * s.Used.Seconds() / c.Over.Seconds(), s.Samples})
	}
	return &v
}

// cpuRoutes measure who uses the processor, and switch the flight recorder.
func (o *Observer) cpuRoutes() []web.Route {
	return []web.Route{
		{Method: "POST", Path: "/api/v1/cpu", Class: web.API, Handler: o.serveCPU, Doc: web.Doc{
			Summary:  "Measure who uses the processor, and answer when that is done",
			Query:    []web.Parameter{{Name: "seconds", Description: "for how long: 1 to 30; left out: 2"}},
			Response: CPUView{}, Fails: []int{403, 409, 422}}},
		{Method: "POST", Path: "/actions/cpu", Class: web.Page, Handler: o.postCPU},
		{Method: "POST", Path: "/api/v1/recorder/start", Class: web.API, Handler: func(w http.ResponseWriter, r *http.Request) { o.serveRecorder(w, r, true) },
			Doc: web.Doc{Summary: "Switch the flight recorder on, for at most ten minutes: it keeps the last seconds of a trace", Response: Recording{}, Fails: []int{403, 500}}},
		{Method: "POST", Path: "/api/v1/recorder/stop", Class: web.API, Handler: func(w http.ResponseWriter, r *http.Request) { o.serveRecorder(w, r, false) },
			Doc: web.Doc{Summary: "Switch the flight recorder off, and forget what it kept", Response: Recording{}, Fails: []int{403}}},
		{Method: "POST", Path: "/actions/recorder", Class: web.Page, Handler: o.postRecorder},
	}
}

// measure profiles the processor. The error is an *actionError.
func (o *Observer) measure(r *http.Request) error {
	span, err := o.spanOf(r)
	if err != nil {
		return err
	}
	c, err := profile.TakeCPU(r.Context(), span, nil)
	switch {
	case errors.Is(err, profile.ErrBusy):
		return &actionError{status: http.StatusConflict, text: err.Error()}
	case err != nil:
		return &actionError{status: http.StatusInternalServerError, text: err.Error()}
	}
	o.keepCPU(c)
	return nil
}

func (o *Observer) serveCPU(w http.ResponseWriter, r *http.Request) {
	if err := o.measure(r); err != nil {
		refuse(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, o.cpuView())
}

func (o *Observer) postCPU(w http.ResponseWriter, r *http.Request) {
	if err := o.measure(r); err != nil {
		refuse(w, r, err)
		return
	}
	backToPage(w, r)
}

// Recording is whether the flight recorder is on.
type Recording struct {
	On    bool       `json:"on"`
	Since *time.Time `json:"since"`
}

func (o *Observer) record(on bool) error {
	switch {
	case o.cfg.Off != "":
		return &actionError{status: http.StatusForbidden, text: o.cfg.Off}
	case !on:
		o.recorder.Stop()
		return nil
	}
	if err := o.recorder.Start(); err != nil {
		return &actionError{status: http.StatusInternalServerError, text: err.Error()}
	}
	return nil
}

func (o *Observer) recording() (r Recording) {
	since, on := o.recorder.Since()
	if on {
		r.On, r.Since = true, &since
	}
	return r
}

func (o *Observer) serveRecorder(w http.ResponseWriter, r *http.Request, on bool) {
	if err := o.record(on); err != nil {
		refuse(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, o.recording())
}

func (o *Observer) postRecorder(w http.ResponseWriter, r *http.Request) {
	if err := o.record(r.PostFormValue("on") == "true"); err != nil {
		refuse(w, r, err)
		return
	}
	backToPage(w, r)
}

// refuse answers with an *actionError.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	wrong, _ := errors.AsType[*actionError](err)
	p := web.Problem{Status: wrong.status, Detail: wrong.text}
	if wrong.field != "" {
		p.Errors = []web.FieldError{{Field: wrong.field, Detail: wrong.text}}
	}
	web.Fail(w, r, p)
}
