package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/part1"
	"github.com/affluxlab/afflux/internal/web"
)

// errChanged answers a change that was made to other settings than the present.
var errChanged = errors.New("the settings have been changed meanwhile")

// Settings returns those in force.
func (l *Lab) Settings() config.Settings {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settings
}

// Change puts what f makes of the settings into force, in all rooms, or leaves
// everything as it is and returns f's error. match, unless empty, is the tag
// that the settings must have; otherwise nothing changes either.
func (l *Lab) Change(match string, f func(config.Settings) (config.Settings, error)) (config.Settings, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if match != "" && match != "*" && match != tag(l.settings) {
		return l.settings, errChanged
	}
	next, err := f(l.settings)
	if err != nil {
		return l.settings, err
	}
	// They were validated as a whole; an error here is a bound that config and a
	// room see differently. No room has them yet.
	if err := errors.Join(next.Resource.Validate(), pipelineSettings(next.Pipeline).Validate()); err != nil {
		return l.settings, err
	}
	if err := l.apply(next); err != nil {
		return l.settings, errors.Join(err, l.apply(l.settings))
	}
	l.logChanges(l.settings, next)
	l.settings = next
	return next, nil
}

func (l *Lab) logChanges(from, to config.Settings) {
	for _, f := range config.Fields() {
		if old, now := f.String(from), f.String(to); f.Live && old != now {
			l.log.Info("setting changed", "key", f.Key, "from", old, "to", now)
			l.mark(markSettings, fmt.Sprintf("%s %s → %s", f.Key, old, now))
		}
	}
}

// apply hands each room its settings.
func (l *Lab) apply(s config.Settings) error {
	return errors.Join(
		l.mock.Apply(s.Resource.Settings),
		l.part1.Apply(part1.Settings{Status: s.Resource.Status}),
		l.part2.Apply(pipelineSettings(s.Pipeline)),
	)
}

// tag names settings by their content: the ETag of the API.
func tag(s config.Settings) string {
	text, err := json.Marshal(s.View())
	if err != nil {
		panic(err) // a view is strings, numbers and lists
	}
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

func (l *Lab) routes() []web.Route {
	settings := settingsSchema()
	return []web.Route{
		{Method: "POST", Path: "/settings", Class: web.Page, Handler: l.postSettings},
		{Method: "POST", Path: "/actions/reset", Class: web.Page, Handler: l.postReset},
		{Method: "GET", Path: "/api/v1/settings", Class: web.API, Handler: l.getSettings,
			Doc: web.Doc{Summary: "The settings in force", Response: settings, ResponseName: "Settings"}},
		{Method: "PATCH", Path: "/api/v1/settings", Class: web.API, Handler: l.patchSettings,
			Doc: web.Doc{Summary: "Change settings by a JSON merge patch", Description: "null restores a default; with If-Match the change is made only to the settings of that ETag.",
				Request: &jsonschema.Schema{Type: "object"}, Response: settings, ResponseName: "Settings", Fails: []int{400, 403, 412, 413, 415, 422}}},
		l.seriesRoute(),
		{Method: "GET", Path: "/api/v1/resource", Class: web.API, Handler: l.getResource,
			Doc: web.Doc{Summary: "The books of the mock resource", Response: Resource{}}},
		{Method: "POST", Path: "/api/v1/reset", Class: web.API, Handler: l.reset,
			Doc: web.Doc{Summary: "Begin a new epoch: counters to zero, work in flight untouched", Response: Resource{}, Fails: []int{403}}},
	}
}

func (l *Lab) getSettings(w http.ResponseWriter, _ *http.Request) { showSettings(w, l.Settings()) }

func showSettings(w http.ResponseWriter, s config.Settings) {
	w.Header().Set("ETag", tag(s))
	web.JSON(w, http.StatusOK, s.View())
}

func (l *Lab) patchSettings(w http.ResponseWriter, r *http.Request) {
	var body any
	if !web.ReadJSON(w, r, &body, "application/json", "application/merge-patch+json") {
		return
	}
	doc, ok := body.(map[string]any)
	if !ok {
		web.Fail(w, r, web.Problem{Status: http.StatusUnprocessableEntity, Detail: "a patch is an object of sections"})
		return
	}
	s, err := l.Change(r.Header.Get("If-Match"), func(s config.Settings) (config.Settings, error) { return s.Patch(doc) })
	switch {
	case errors.Is(err, errChanged):
		w.Header().Set("ETag", tag(s))
		web.Fail(w, r, web.Problem{Status: http.StatusPreconditionFailed, Detail: err.Error()})
	case err != nil:
		web.Fail(w, r, problemOf(err))
	default:
		showSettings(w, s)
	}
}

func problemOf(err error) web.Problem {
	p := web.Problem{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	if wrong, ok := errors.AsType[config.Errors](err); ok {
		for _, e := range wrong {
			p.Errors = append(p.Errors, web.FieldError{Field: e.Key, Detail: e.Detail})
		}
	}
	return p
}

// postSettings is the plain form of a page: any settings, and where to go back
// to. A form that scales what it showed says in if_match which settings it saw.
func (l *Lab) postSettings(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		web.Text(w, http.StatusBadRequest, "the form cannot be read: "+err.Error())
		return
	}
	back, match := l.backTo(r), r.PostForm.Get("if_match")
	entries := map[string]string{}
	for key := range r.PostForm {
		if key != "back" && key != "if_match" {
			entries[key] = strings.TrimSpace(r.PostForm.Get(key))
		}
	}
	_, err := l.Change(match, func(s config.Settings) (config.Settings, error) { return s.PatchText(entries) })
	if err == nil {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	form := live.Form{Values: url.Values{}, Errors: map[string]string{}}
	status := http.StatusUnprocessableEntity
	wrong, isConfig := errors.AsType[config.Errors](err)
	switch {
	case isConfig:
		form.Values = r.PostForm
		for _, e := range wrong {
			form.Errors[e.Key] = e.Detail
		}
	case errors.Is(err, errChanged):
		status = http.StatusPreconditionFailed
		form.Errors[""] = "The settings have been changed meanwhile, and nothing was done. These are the present ones."
	default:
		form.Errors[""] = err.Error()
	}
	l.site.Refuse(w, r, back, status, form)
}

// backTo is the page that a form came from, if it is one of ours.
func (l *Lab) backTo(r *http.Request) string {
	if back := web.LocalPath(r.PostFormValue("back")); l.site.Knows(back) {
		return back
	}
	return "/"
}

func settingsSchema() *jsonschema.Schema {
	all := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	types := map[config.Kind]string{config.Integer: "integer", config.List: "array"}
	for _, f := range config.Fields() {
		if f.Secret {
			continue
		}
		section, name, _ := strings.Cut(f.Key, ".")
		in := all.Properties[section]
		if in == nil {
			in = &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
			all.Properties[section] = in
			all.Required = append(all.Required, section)
		}
		field := &jsonschema.Schema{Type: "string", Description: f.Help + "; " + f.Accepts}
		if t := types[f.Kind]; t != "" {
			field.Type = t
		}
		if f.LeftOut != "" {
			field.Type, field.Types = "", []string{field.Type, "null"}
		}
		if f.Kind == config.List {
			field.Items = &jsonschema.Schema{Type: "string"}
		}
		for _, c := range f.Choices {
			field.Enum = append(field.Enum, c)
		}
		in.Properties[name] = field
		in.Required = append(in.Required, name)
	}
	return all
}
