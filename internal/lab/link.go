package lab

import (
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
	p := proposal{}
	for _, f := range config.Fields() {
		wanted := query.Get(f.Key)
		query.Del(f.Key)
		if wanted == "" || !f.Live || wanted == f.String(s) {
			continue
		}
		change := proposed{Key: f.Key, Now: f.String(s), Wanted: wanted}
		next, err := s.PatchText(map[string]string{f.Key: wanted})
		switch {
		case err != nil:
			change.Problem, p.Wrong = f.Accepts, true
		case f.String(next) == f.String(s):
			continue // written in another way
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
