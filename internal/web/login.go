package web

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// LoginPage draws the login form with a status and what was wrong, if anything
// was. The form posts the fields token and back to /login.
type LoginPage func(w http.ResponseWriter, r *http.Request, status int, problem string)

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) {
	s.cfg.Login(w, r, http.StatusOK, "")
}

func (s *Server) takeLogin(w http.ResponseWriter, r *http.Request) {
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	switch {
	case !s.failures.try(addr, time.Now()):
		w.Header().Set("Retry-After", "60")
		s.cfg.Login(w, r, http.StatusTooManyRequests, "Too many wrong tokens. Try again in a minute.")
	case !s.token.matches(r.PostFormValue("token")):
		s.cfg.Login(w, r, http.StatusUnauthorized, "That is not the token of this lab.")
	default:
		s.failures.forgive(addr)
		http.SetCookie(w, &http.Cookie{
			Name: cookieName, Value: s.token.session(), Path: "/", MaxAge: int(sessionTime / time.Second),
			HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
		})
		http.Redirect(w, r, LocalPath(r.PostFormValue("back")), http.StatusSeeOther)
	}
}

// LocalPath returns back if it is a path on this server, else "/": a browser
// reads "//", and "/\", as the beginning of another host's name.
func LocalPath(back string) string {
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n\t") {
		return "/"
	}
	return back
}

// Ten failures a minute from one address; that many addresses are remembered.
const (
	maxFailures  = 10
	maxAddresses = 10_000
)

// attempts are the wrong logins of the present minute.
type attempts struct {
	mu     sync.Mutex // guards what follows
	minute time.Time
	by     map[string]int
}

// try counts an attempt before it is judged, so that many at one time cannot all
// pass before the first has failed.
func (a *attempts) try(addr string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil || now.Sub(a.minute) >= time.Minute {
		a.minute, a.by = now, map[string]int{}
	}
	// With the memory full an unknown address is not let through either: else
	// whoever has very many addresses could try without end.
	n, known := a.by[addr]
	if n >= maxFailures || !known && len(a.by) >= maxAddresses {
		return false
	}
	a.by[addr] = n + 1
	return true
}

// forgive takes back an attempt that was right.
func (a *attempts) forgive(addr string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by[addr] > 0 {
		a.by[addr]--
	}
}
