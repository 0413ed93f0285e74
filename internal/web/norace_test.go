//go:build !race

package web_test

import (
	"net/http"
	"testing"
)

// still is a ResponseWriter that allocates nothing, so that what is counted is ours.
type still struct{ h http.Header }

func (s still) Header() http.Header         { return s.h }
func (s still) Write(p []byte) (int, error) { return len(p), nil }
func (s still) WriteHeader(int)             {}

func TestTheGuardsOfWorkAllocateNothing(t *testing.T) {
	h := newServer(t, nil).Handler()
	bare := http.NewServeMux()
	bare.HandleFunc("GET /nothing", func(http.ResponseWriter, *http.Request) {})
	w, r := still{http.Header{}}, local("GET", "/nothing")
	ours := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) })
	mux := testing.AllocsPerRun(1000, func() { bare.ServeHTTP(w, r) })
	if ours != mux {
		t.Errorf("%v allocations, of which the mux makes %v", ours, mux)
	}
}
