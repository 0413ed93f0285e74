package observer

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/supervise"
)

// Acted is what the API answers to an action.
type Acted struct {
	Name   string `json:"name"`
	Action string `json:"action"`
	Outlook
}

// actionError is a refusal with its status.
type actionError struct {
	status int
	text   string
	field  string // of the query that is wrong; empty: none
}

func (e *actionError) Error() string { return e.text }

// act does what is asked of a node. The error is an *actionError.
func (o *Observer) act(action, name string) (Acted, error) {
	if o.cfg.Off != "" {
		return Acted{}, &actionError{status: http.StatusForbidden, text: o.cfg.Off}
	}
	line := lineage(o.cfg.Tree(), name)
	if line == nil {
		return Acted{}, &actionError{status: http.StatusNotFound, text: fmt.Sprintf("there is no %q in the tree", name)}
	}
	done := Acted{Name: name, Action: action, Outlook: Outlook{Lines: []string{}}}
	if action != "kill" {
		return done, o.turn(action, name)
	}
	if len(line) == 1 {
		return Acted{}, &actionError{status: http.StatusConflict, text: name + " is the root: nobody would start it again; end the process instead"}
	}
	done.Outlook = outlook(line, o.cfg.Facts()[name].Loss)
	if err := o.cfg.Kill(name); err != nil {
		status := http.StatusConflict
		if errors.Is(err, supervise.ErrNotFound) {
			status = http.StatusNotFound
		}
		return Acted{}, &actionError{status: status, text: err.Error()}
	}
	o.note(name, "kill", "asked to kill "+name)
	return done, nil
}

// turn pauses or resumes a node.
func (o *Observer) turn(action, name string) error {
	s, can := o.cfg.Switches[name]
	if !can {
		return &actionError{status: http.StatusConflict, text: name + " cannot be paused"}
	}
	if action == "pause" {
		s.Pause()
	} else {
		s.Resume()
	}
	o.note(name, action, fmt.Sprintf("asked to %s %s", action, name))
	return nil
}

func (o *Observer) note(name, action, text string) {
	o.events.add(Entry{At: time.Now(), Child: name, Kind: "action", Text: text})
	o.cfg.Log.Info("action on the tree", "child", name, "action", action)
}

var verbs = []string{"kill", "pause", "resume"}

// actionRoutes are the actions for programs, and the plain form of the page for the
// one that destroys: the others have theirs at the room that they belong to.
func (o *Observer) actionRoutes() []web.Route {
	summaries := map[string]string{
		"kill":   "End a node abnormally: its supervisor starts it again, if its intensity bears that",
		"pause":  "Pause a node that can be paused: the producer",
		"resume": "Resume it",
	}
	rows := []web.Route{{Method: "POST", Path: "/actions/kill", Class: web.Page, Handler: o.postKill}}
	for _, action := range verbs {
		rows = append(rows, web.Route{Method: "POST", Path: "/api/v1/tree/{name}/" + action, Class: web.API,
			Handler: func(w http.ResponseWriter, r *http.Request) { o.serveAction(w, r, action) },
			Doc: web.Doc{Summary: summaries[action], Description: "Answers with what will happen. Off while other machines can reach the lab.",
				Response: Acted{}, Fails: []int{403, 404, 409}}})
	}
	return rows
}

func (o *Observer) serveAction(w http.ResponseWriter, r *http.Request, action string) {
	done, err := o.act(action, r.PathValue("name"))
	if err != nil {
		refuse(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, done)
}

// postKill is the page's form, sent when its reader has confirmed.
func (o *Observer) postKill(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	if _, err := o.act("kill", name); err != nil {
		refuse(w, r, err)
		return
	}
	backToPage(w, r)
}

// backToPage leads back to the view of the page that a form was on.
func backToPage(w http.ResponseWriter, r *http.Request) {
	back := web.LocalPath(r.PostFormValue("back"))
	if path, _, _ := strings.Cut(back, "?"); path != "/observer" {
		back = "/observer"
	}
	back = strings.NewReplacer("&confirm=kill", "", "?confirm=kill&", "?").Replace(back) // it is done
	http.Redirect(w, r, back, http.StatusSeeOther)
}
