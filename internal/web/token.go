package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	cookieName  = "afflux_session"
	sessionTime = 12 * time.Hour
)

// token is what callers must know. The zero value admits everybody.
type token struct {
	sum *[sha256.Size]byte
	key []byte // signs sessions; made anew by each process, so a restart ends them
}

func newToken(text string) token {
	if text == "" {
		return token{}
	}
	sum := sha256.Sum256([]byte(text))
	key := make([]byte, sha256.Size)
	rand.Read(key)
	return token{&sum, key}
}

// matches compares sums, of one length whatever was tried, in constant time.
func (t token) matches(try string) bool {
	// A string of up to this length becomes bytes without an allocation, which
	// work routes must not make.
	var short [256]byte
	b := short[:0]
	if len(try) <= len(short) {
		b = append(b, try...)
	} else {
		b = []byte(try)
	}
	sum := sha256.Sum256(b)
	return subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1
}

func (t token) admits(r *http.Request) bool {
	if t.sum == nil {
		return true
	}
	if scheme, try, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return t.matches(try)
	}
	c, err := r.Cookie(cookieName)
	return err == nil && t.isSession(c.Value)
}

// session makes the value of a cookie: when it ends, and a signature of that.
func (t token) session() string {
	ends := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(sessionTime).Unix()))
	return base64.RawURLEncoding.EncodeToString(t.sign(ends))
}

func (t token) sign(ends []byte) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(ends)
	return mac.Sum(ends)
}

func (t token) isSession(value string) bool {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(b) != 8+sha256.Size {
		return false
	}
	ends := binary.BigEndian.Uint64(b[:8])
	return hmac.Equal(b, t.sign(b[:8:8])) && uint64(time.Now().Unix()) < ends
}

// askForToken sends a person to the login, and tells a program what is missing.
func (s *Server) askForToken(w http.ResponseWriter, r *http.Request, c Class) {
	if c == Page && (r.Method == "GET" || r.Method == "HEAD") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/login?back="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="afflux"`)
	refuse(w, r, http.StatusUnauthorized, "this lab asks for a token: Authorization: Bearer …")
}
