package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/stage"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	goleak.VerifyTestMain(m)
}

// site is a service on a port of its own.
type site struct {
	*service
	url    string
	client *http.Client
	signal func() // what Ctrl-C does
	ended  chan error
}

func start(t *testing.T, cfg config, do work) *site {
	t.Helper()
	s, err := newService(cfg, do)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	at := &site{
		service: s, url: "http://" + ln.Addr().String(), client: &http.Client{Transport: &http.Transport{}},
		signal: cancel, ended: make(chan error, 1),
	}
	go func() { at.ended <- s.serve(ctx, ln) }()
	t.Cleanup(func() { cancel(); at.client.CloseIdleConnections() })
	return at
}

func (s *site) post(t *testing.T) *http.Response {
	t.Helper()
	r, err := s.client.Post(s.url+"/jobs?name=report", "", nil)
	if err != nil {
		t.Error(err)
		return &http.Response{}
	}
	_, _ = io.Copy(io.Discard, r.Body)
	r.Body.Close()
	return r
}

func TestWhoComesWhileTheQueueIsFullIsTurnedAwayAndTheRestIsDone(t *testing.T) {
	began, finish := make(chan bool), make(chan bool)
	var mu sync.Mutex
	done := map[uint64]bool{}
	s := start(t, config{workers: 2, buffer: 3, grace: time.Minute}, func(ctx context.Context, j job) error {
		began <- true
		<-finish
		mu.Lock()
		done[j.ID] = true
		mu.Unlock()
		return nil
	})
	for i := range 5 {
		if r := s.post(t); r.StatusCode != http.StatusAccepted {
			t.Fatalf("job %d: %d, want 202", i, r.StatusCode)
		}
		if i < 2 {
			<-began // a worker has it, and it waits no more
		}
	}
	r := s.post(t)
	if after := r.Header.Get("Retry-After"); r.StatusCode != http.StatusServiceUnavailable || after != "1" {
		t.Errorf("with 3 of 3 waiting: %d, Retry-After %q, want 503 and 1", r.StatusCode, after)
	}

	s.signal()
	close(finish)
	for range 3 {
		<-began
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	if len(done) != 5 {
		t.Errorf("%d jobs done, want the 5 that were accepted", len(done))
	}
}

func TestUnderLoadEveryJobThatWasAcceptedIsDone(t *testing.T) {
	s := start(t, config{workers: 2, buffer: 10, grace: time.Minute}, func(context.Context, job) error { return nil })
	var mu sync.Mutex
	answers := map[int]uint64{}
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			for range 25 {
				r := s.post(t)
				mu.Lock()
				answers[r.StatusCode]++
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	s.signal()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	jobs := s.pipeline.Snapshot().Outlets[0]
	if accepted := answers[http.StatusAccepted]; jobs.Done != accepted {
		t.Errorf("%d done, want the %d that were answered 202", jobs.Done, accepted)
	}
	if refused := answers[http.StatusServiceUnavailable]; jobs.Rejected != refused || jobs.Done+refused != 500 {
		t.Errorf("%d refused, %d done, %d answered 503, of 500", jobs.Rejected, jobs.Done, refused)
	}
}

func TestTheSnapshotShowsWhereJobsAre(t *testing.T) {
	began, finish := make(chan bool), make(chan bool)
	s := start(t, config{workers: 1, buffer: 10, grace: time.Minute}, func(context.Context, job) error {
		began <- true
		<-finish
		return nil
	})
	s.post(t)
	<-began
	s.post(t)
	r, err := s.client.Get(s.url + "/snapshot")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var shot struct {
		Outlets []struct {
			Name          string
			Hands, Buffer int
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&shot); err != nil {
		t.Fatal(err)
	}
	if len(shot.Outlets) != 1 || shot.Outlets[0].Hands != 1 || shot.Outlets[0].Buffer != 1 {
		t.Errorf("%+v, want one job in hand and one that waits", shot.Outlets)
	}
	s.signal()
	close(finish)
	<-began
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeDoneInTimeIsReported(t *testing.T) {
	began := make(chan bool)
	s := start(t, config{workers: 1, buffer: 10, grace: time.Millisecond}, func(ctx context.Context, j job) error {
		began <- true
		<-ctx.Done()
		return context.Cause(ctx)
	})
	s.post(t)
	<-began
	s.post(t)
	s.client.CloseIdleConnections()
	s.signal()
	err := <-s.ended
	drain, ok := errors.AsType[*stage.DrainError](err)
	if !ok {
		t.Fatalf("ended with %v, want a DrainError", err)
	}
	if left := drain.Left[0].Events(); left != 2 {
		t.Errorf("%d left, want 2: %v", left, err)
	}
}

func TestWrongSettingsAreSaidBeforeItListens(t *testing.T) {
	for _, cfg := range []config{{workers: -1}, {buffer: -1}} {
		if _, err := newService(cfg, slow(0)); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
