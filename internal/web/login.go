package web

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// LoginPage draws the login form with a status and what was wrong, if anything
// was. The form posts the fields token and back to /login.
type LoginPage func(w http.ResponseWriter, r *http.Request, status int, problem string)

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	s.cfg.Login(w, r, http.StatusOK, "")
}

func (s *Server) takeLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	addr := caller(r)
	wait, ok := s.failures.try(addr, time.Now())
	switch {
	case !ok:
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
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

// caller is whose failures are counted together: an IPv4 address, or the /64 of
// an IPv6 one, since whoever has one of these has them all.
func caller(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := from.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	net, _ := ip.Prefix(64) // 64 fits every IPv6 address
	return net.String()
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

// try counts a failure in advance, so that many tries at once are not all let
// through before the first has failed. Not ok says how long to wait.
func (a *attempts) try(addr string, now time.Time) (wait time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil || now.Sub(a.minute) >= time.Minute {
		a.minute, a.by = now, map[string]int{}
	}
	// With the memory full an unknown address is not let through either: else
	// whoever has very many addresses could try without end.
	n, known := a.by[addr]
	if n >= maxFailures || !known && len(a.by) >= maxAddresses {
		return a.minute.Add(time.Minute).Sub(now), false
	}
	a.by[addr]++
	return 0, true
}

// forgive takes back what try counted for one that did not fail.
func (a *attempts) forgive(addr string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by[addr]--; a.by[addr] <= 0 { // below zero if the minute has turned since
		delete(a.by, addr)
	}
}
