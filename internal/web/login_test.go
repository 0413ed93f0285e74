package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/web"
)

func withToken(cfg *web.Config) { cfg.Token = secret }

func post(h http.Handler, from, token, back string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/login", strings.NewReader(url.Values{"token": {token}, "back": {back}}.Encode()))
	r.Host, r.RemoteAddr = "localhost", from
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestABrowserComesBackFromTheLoginWithACookieThatAdmitsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := oneOfEach(t, withToken).Handler()
		sent := ask(h, "GET /page?a=b", "Accept: text/html")
		if got := sent.Header().Get("Location"); got != "/login?back=%2Fpage%3Fa%3Db" {
			t.Fatalf("sent to %q", got)
		}
		if w := ask(h, "GET /login?back=%2Fpage"); w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("the form: %d %v", w.Code, w.Header())
		}
		w := post(h, "192.0.2.1:5", secret, "/page?a=b")
		cookie := w.Result().Cookies()[0]
		if w.Code != 303 || w.Header().Get("Location") != "/page?a=b" {
			t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
		}
		if !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" {
			t.Errorf("cookie %v", cookie)
		}
		for _, path := range classes {
			if got := ask(h, "GET "+path, "Cookie: "+cookie.Name+"="+cookie.Value).Code; got != 200 {
				t.Errorf("%s with the cookie: %d", path, got)
			}
		}
		other := oneOfEach(t, withToken).Handler()
		if got := ask(other, "GET /work", "Cookie: "+cookie.Name+"="+cookie.Value).Code; got != 401 {
			t.Errorf("another process takes the cookie: %d", got)
		}
		time.Sleep(12 * time.Hour)
		if got := ask(h, "GET /work", "Cookie: "+cookie.Name+"="+cookie.Value).Code; got != 401 {
			t.Errorf("an old cookie: %d", got)
		}
	})
}

func TestTheLoginSendsNobodyToAnotherHost(t *testing.T) {
	h := oneOfEach(t, withToken).Handler()
	for _, back := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "evil", "", "/\t/evil.example", "javascript:alert(1)"} {
		if got := post(h, "192.0.2.1:5", secret, back).Header().Get("Location"); got != "/" {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}

func TestTheEleventhWrongLoginOfAMinuteIsNotLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := oneOfEach(t, withToken).Handler()
		for range 10 {
			if got := post(h, "[2001:db8::1]:5", "wrong", "/").Code; got != 401 {
				t.Fatal(got)
			}
		}
		time.Sleep(20 * time.Second)
		w := post(h, "[2001:db8::2]:6", secret, "/") // a neighbour in the same /64
		if w.Code != 429 || w.Header().Get("Retry-After") != "41" {
			t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		if got := post(h, "192.0.2.1:5", secret, "/").Code; got != 303 {
			t.Errorf("somebody else: %d", got)
		}
		time.Sleep(41 * time.Second)
		if got := post(h, "[2001:db8::1]:5", secret, "/").Code; got != 303 {
			t.Errorf("a minute later: %d", got)
		}
	})
}

func TestWrongLoginsAtOnceAreCountedToo(t *testing.T) {
	h := oneOfEach(t, withToken).Handler()
	var looked atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if post(h, "192.0.2.1:5", "wrong", "/").Code == 401 {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if looked.Load() != 10 {
		t.Errorf("%d of 100 were looked at", looked.Load())
	}
}

func TestRightLoginsAreNotCounted(t *testing.T) {
	h := oneOfEach(t, withToken).Handler()
	for range 20 {
		if got := post(h, "192.0.2.1:5", secret, "/").Code; got != 303 {
			t.Fatal(got)
		}
	}
}
