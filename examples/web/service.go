package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// job is what a request asks for.
type job struct {
	ID   uint64
	Name string
}

// work does one job.
type work func(ctx context.Context, j job) error

type config struct {
	workers, buffer int
	grace           time.Duration // for requests and jobs together
}

// service is the queue between the requests and the workers.
type service struct {
	grace    time.Duration
	pipeline *stage.Pipeline
	jobs     *stage.Queue[job]
	lastID   atomic.Uint64
}

func newService(cfg config, do work) (*service, error) {
	p := stage.New("web", stage.Config{})
	jobs := stage.NewQueue[job](p, "jobs", stage.QueueConfig{Buffer: cfg.buffer})
	workers := stage.NewConsumer(p, "workers", do, stage.ConsumerConfig[job]{Workers: cfg.workers})
	if _, err := workers.Subscribe(jobs); err != nil {
		return nil, err
	}
	return &service{grace: cfg.grace, pipeline: p, jobs: jobs}, p.Err()
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /jobs", s.accept)
	mux.HandleFunc("GET /snapshot", s.snapshot)
	return mux
}

// accept answers before the job is done: 202 is a promise, 503 is none.
func (s *service) accept(w http.ResponseWriter, r *http.Request) {
	j := job{ID: s.lastID.Add(1), Name: r.FormValue("name")}
	switch err := s.jobs.TryPush(j); {
	case err == nil:
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintln(w, "job", j.ID, "accepted")
	case errors.Is(err, stage.ErrFull):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many jobs are waiting", http.StatusServiceUnavailable)
	default: // closed: about to end
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func (s *service) snapshot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(s.pipeline.Snapshot()); err != nil {
		log.Print("snapshot: ", err) // the client is gone
	}
}

// serve answers requests and does jobs until ctx ends, and then ends in order.
// A failure of the listener ends it in the same way.
func (s *service) serve(ctx context.Context, ln net.Listener) error {
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second}
	serving, working := make(chan error, 1), make(chan error, 1)
	go func() { serving <- server.Serve(ln) }()
	go func() { working <- s.pipeline.Run(context.WithoutCancel(ctx)) }()

	var failed error
	select {
	case <-ctx.Done():
	case failed = <-serving:
	}
	log.Printf("stopping, %d jobs wait", s.jobs.Len())
	return errors.Join(failed, s.stop(server, working))
}

// stop has one deadline for all: first nobody asks for a job any more, then those
// that were accepted are done. What is left by then is in the error.
func (s *service) stop(server *http.Server, working <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.grace)
	defer cancel()
	err := server.Shutdown(ctx)
	if left := s.pipeline.Drain(ctx); left != nil {
		<-working // handlers were told to give up, and have
		return errors.Join(err, left)
	}
	return errors.Join(err, <-working)
}
