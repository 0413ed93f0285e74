package lab

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/affluxlab/afflux/internal/config"
)

// A link can carry settings: /part1?resource.limit=15. Following it changes
// nothing, since a page that is only looked at must not; it proposes them, and a
// button puts them into force.

// proposed is a setting that a link carries and that is not in force.
type proposed struct{ Key, Now, Wanted, Problem string }

// proposal is what the address of a page proposes.
type proposal struct {
	Back    string // the page without the proposal
	Changes []proposed
	Wrong   bool // at least one could not be put into force
}

// proposal reads it from the request; nil when everything in it is in force.
func (l *Lab) proposal(r *http.Request) any {
	s, query := l.Settings(), r.URL.Query()
	p, wanted := proposal{}, map[string]string{}
	for _, f := range config.Fields() {
		if entry := query.Get(f.Key); entry != "" && f.Live && entry != f.String(s) {
			wanted[f.Key] = entry
		}
		query.Del(f.Key)
	}
	_, err := s.PatchText(wanted) // together: one may need another
	wrong, _ := errors.AsType[config.Errors](err)
	for _, f := range config.Fields() {
		entry, is := wanted[f.Key]
		if !is {
			continue
		}
		if alone, err := s.PatchText(map[string]string{f.Key: entry}); err == nil && f.String(alone) == f.String(s) {
			continue // in force, and written in another way
		}
		change := proposed{Key: f.Key, Now: f.String(s), Wanted: entry}
		for _, e := range wrong {
			if e.Key == f.Key {
				change.Problem, p.Wrong = e.Detail, true
			}
		}
		p.Changes = append(p.Changes, change)
	}
	if p.Changes == nil {
		return nil
	}
	p.Back = (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String()
	return p
}

// link is the address of a page with the settings in force that are not the
// defaults.
func (l *Lab) link(path string) string {
	s, defaults := l.Settings(), config.Defaults()
	query := url.Values{}
	for _, f := range config.Fields() {
		if f.Live && f.String(s) != f.String(defaults) {
			query.Set(f.Key, f.String(s))
		}
	}
	return (&url.URL{Path: path, RawQuery: query.Encode()}).String()
}
