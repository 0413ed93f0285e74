package web

import (
	"net/http"
	"strings"
)

// serve is the outermost handler: what is asked of every request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header()["X-Content-Type-Options"] = nosniff
	distrust(w, r)
	switch {
	case !s.hosts.allow(r):
		refuse(w, r, http.StatusMisdirectedRequest, "this server does not answer to that Host; server.hosts names more")
	case len(r.TransferEncoding) > 0:
		w.Header()["Connection"] = closing
		refuse(w, r, http.StatusLengthRequired, "send a Content-Length, not a chunked body")
	default:
		if h := s.direct[r.URL.Path]; h != nil && r.Method == http.MethodGet {
			h(w, r)
			return
		}
		s.mux.ServeHTTP(w, r)
	}
}

// guarded puts a handler behind the guards of its class.
func (s *Server) guarded(c Class, h http.HandlerFunc) http.HandlerFunc {
	if c == Work {
		return s.work(h)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), c, r.TLS != nil)
		if c != Open && !s.token.admits(r) {
			s.askForToken(w, r, c)
			return
		}
		if err := s.cross.Check(r); err != nil {
			refuse(w, r, http.StatusForbidden, "requests from other sites may not change anything here")
			return
		}
		if !readBody(w, r) {
			return
		}
		if c == Stream {
			s.stream(w, r, h)
			return
		}
		answerInTime(w, r, h)
	}
}

// work is the path of every request under load: it allocates nothing.
func (s *Server) work(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.token.admits(r):
			s.askForToken(w, r, Work)
		case crossSite(r):
			refuse(w, r, http.StatusForbidden, "requests from other sites may not make this lab work")
		case s.stopping.Load():
			w.Header().Set("Retry-After", "5")
			w.Header().Set("Connection", "close")
			refuse(w, r, http.StatusServiceUnavailable, "the lab is stopping")
		case r.ContentLength != 0 && !discardBody(w, r):
		default:
			h(w, r)
		}
	}
}

// CrossSite reports whether a page of another site made a browser send r. It is for
// routes that act on GET, which the guards of their class leave alone.
func CrossSite(r *http.Request) bool { return crossSite(r) }

// crossSite judges a work route, which acts on GET too and so cannot leave the
// safe methods alone as [http.CrossOriginProtection] does.
func crossSite(r *http.Request) bool {
	if site := r.Header["Sec-Fetch-Site"]; len(site) > 0 {
		return site[0] != "same-origin" && site[0] != "none"
	}
	origin := r.Header["Origin"]
	if len(origin) == 0 {
		return false
	}
	_, host, ok := strings.Cut(origin[0], "://")
	return !ok || !strings.EqualFold(host, r.Host)
}

// serveUnknown answers what no row fits: 405 if one would with another method.
func (s *Server) serveUnknown(w http.ResponseWriter, r *http.Request) {
	if allowed := s.methodsFor(r); allowed != "" {
		w.Header().Set("Allow", allowed)
		refuse(w, r, http.StatusMethodNotAllowed, "this path takes "+allowed)
		return
	}
	refuse(w, r, http.StatusNotFound, "there is nothing here")
}

// methodsFor asks the mux, since the catch-all takes the 405 out of its mouth.
func (s *Server) methodsFor(r *http.Request) string {
	var allowed []string
	for _, method := range methods {
		probe := *r
		probe.Method = method
		if _, pattern := s.mux.Handler(&probe); pattern != "/" && pattern != "/api" && pattern != "/api/" {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}
