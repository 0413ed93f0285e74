package web

import (
	"net/http"
	"strings"
)

// mountSlashes leads a page's address with a slash too many to the page. Only pages have
// that: people type their addresses, while a tool that loads a work route would measure
// redirects, which most do not follow.
func (s *Server) mountSlashes() {
	taken := map[string]bool{}
	for _, r := range s.routes {
		taken[r.Method+" "+r.Path] = true
	}
	for _, r := range s.routes {
		pattern := "GET " + r.Path + "/{$}" // no more than the slash: what is below is another address
		if r.Class != Page || r.Method != http.MethodGet || strings.Contains(r.Path, "{") || taken[pattern] {
			continue
		}
		s.mux.HandleFunc(pattern, s.guarded(Page, leadTo(r.Path)))
	}
}

// leadTo redirects to a path of this server, with the query that was asked.
func leadTo(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		to := path
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, to, http.StatusPermanentRedirect)
	}
}
