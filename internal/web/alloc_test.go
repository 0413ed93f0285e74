//go:build !race

package web_test

import (
	"net/http"
	"testing"

	"github.com/affluxlab/afflux/internal/web"
)

// mute is a ResponseWriter that allocates nothing, so that what is counted is ours.
type mute struct{ h http.Header }

func (m mute) Header() http.Header         { return m.h }
func (m mute) Write(p []byte) (int, error) { return len(p), nil }
func (m mute) WriteHeader(int)             {}

func TestTheGuardsOfWorkAllocateNothingWithATokenAndAName(t *testing.T) {
	quiet := func(http.ResponseWriter, *http.Request) {}
	h := oneOfEach(t, func(cfg *web.Config) {
		cfg.Token, cfg.Hosts = secret, []string{"3rd.lab.example"}
		with(web.Work, quiet)(cfg)
	}).Handler()
	bare := http.NewServeMux()
	bare.HandleFunc("GET /extra", quiet)
	r, _ := http.NewRequest("GET", "/extra", nil)
	r.Host = "3RD.lab.example:4000"
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := mute{http.Header{}}
	ours := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) })
	mux := testing.AllocsPerRun(1000, func() { bare.ServeHTTP(w, r) })
	if ours != mux {
		t.Errorf("%v allocations, of which the mux makes %v", ours, mux)
	}
}
