package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func settings() config {
	return config{
		accounts: 50, events: 100, pushers: 4, buffer: 1000,
		takes: 200 * time.Microsecond, grace: time.Minute,
		scaler: scaler{most: 16, target: 5 * time.Millisecond},
	}
}

func bankOf(t *testing.T, cfg config) *bank {
	t.Helper()
	b, err := newBank(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// expectBalances wants of each account a cent for each two of its events, a million
// more for an odd one, and the same of all accounts with all their events.
func expectBalances(t *testing.T, b *bank, events int) {
	t.Helper()
	want := account{events, int64(events/2) + int64(events%2)*1_000_000}
	for i, acc := range b.accounts {
		if acc != want {
			t.Errorf("account %d is %+v, want %+v", i, acc, want)
		}
	}
}

// Under the race detector this also shows that an account needs no lock: the handler
// stops the pipeline at the first event out of its order.
func TestBalancesAreExactHoweverManyWorkersThereAre(t *testing.T) {
	cfg := settings()
	cfg.events = 101
	cfg.scaler.target = time.Hour // resized by the test alone, and to 1 where one is idle
	b := bankOf(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	var resizes sync.WaitGroup
	for range 2 {
		resizes.Go(func() {
			for sleep(ctx, rand.N(2*time.Millisecond)) == nil {
				if err := b.book.Resize(1 + rand.N(32)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if err := b.run(t.Context()); err != nil {
		t.Error(err)
	}
	cancel()
	resizes.Wait()
	expectBalances(t, b, cfg.events)
	if o := b.pipeline.Snapshot().Outlet("events"); o.Done != uint64(cfg.accounts*cfg.events) || o.Failed != 0 {
		t.Errorf("%d done, %d failed", o.Done, o.Failed)
	}
}

func TestWorkersComeWhenItIsBusyAndLeaveWhenItIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.takes, cfg.pause, cfg.phase = 5*time.Millisecond, 8*time.Millisecond, 3*time.Second
		cfg.scaler = scaler{most: 32, target: 20 * time.Millisecond}
		cfg.events = 400 // of 50 accounts, by 4 pushers: 500 a second in a quiet time, 5000 in a busy one
		b := bankOf(t, cfg)
		ended := make(chan error, 1)
		go func() { ended <- b.run(t.Context()) }()

		workers := func() (n int, waits time.Duration) {
			s := b.pipeline.Snapshot()
			return s.Stage("book").Target, s.Outlet("events").Oldest
		}
		time.Sleep(2900 * time.Millisecond)
		if n, waits := workers(); n < 2 || n > 8 || waits > 100*time.Millisecond {
			t.Errorf("in a quiet time %d workers, and an event waits for %v; 2.5 are needed", n, waits)
		}
		time.Sleep(2 * time.Second)
		if n, waits := workers(); n < 20 || waits > 100*time.Millisecond {
			t.Errorf("in a busy time %d workers, and an event waits for %v; 25 are needed", n, waits)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		expectBalances(t, b, cfg.events)
	})
}

func TestASignalLeavesEveryAccountAfterOneOfItsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.takes, cfg.pause, cfg.grace = 50*time.Millisecond, time.Millisecond, 100*time.Millisecond
		cfg.scaler.most = 4
		b := bankOf(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := b.run(ctx)
		drain, ok := errors.AsType[*stage.DrainError](err)
		if !ok {
			t.Fatalf("ended with %v, want a DrainError", err)
		}
		booked := 0
		var cents int64
		for i, acc := range b.accounts {
			booked += acc.serial
			for serial := 1; serial <= acc.serial; serial++ {
				cents += eventOf(i, serial).cents
			}
		}
		if b.total() != cents {
			t.Errorf("%d cents in all accounts, want %d of %d events", b.total(), cents, booked)
		}
		o := b.pipeline.Snapshot().Outlet("events")
		if o.Done != uint64(booked) || o.Accepted != o.Done+uint64(drain.Left[0].Events()) {
			t.Errorf("%d of %d done, %d booked, %v", o.Done, o.Accepted, booked, drain)
		}
	})
}

func TestAnEventOutOfOrderIsNotBooked(t *testing.T) {
	cfg := settings()
	b := bankOf(t, cfg)
	if err := b.bookOne(t.Context(), eventOf(3, 2)); err == nil {
		t.Error("a second event is booked before the first")
	}
	b.accounts[3].serial = 1
	if err := b.bookOne(t.Context(), eventOf(3, 2)); err == nil {
		t.Error("an account is overdrawn")
	}
	if b.accounts[3] != (account{serial: 1}) {
		t.Errorf("it changed the account: %+v", b.accounts[3])
	}
}

func TestTheNumberOfWorkersFollowsTheLoad(t *testing.T) {
	s := scaler{most: 10, target: time.Second}
	for _, c := range []struct {
		why           string
		workers, want int
		now           load
	}{
		{"events wait too long", 1, 2, load{ready: 5, wait: 2 * time.Second}},
		{"many do", 6, 9, load{ready: 5, wait: 2 * time.Second}},
		{"there are as many as may be", 8, 10, load{ready: 5, wait: 2 * time.Second}},
		{"they wait for their account", 4, 4, load{wait: 2 * time.Second}},
		{"they do not wait long", 4, 4, load{ready: 5, wait: time.Millisecond}},
		{"one is idle", 4, 3, load{idle: 1}},
		{"the last is idle", 1, 1, load{idle: 1}},
	} {
		if n := s.next(c.workers, c.now); n != c.want {
			t.Errorf("%s: of %d workers %d, want %d", c.why, c.workers, n, c.want)
		}
	}
}

func TestWrongSettingsAreSaid(t *testing.T) {
	for _, change := range []func(*config){
		func(c *config) { c.accounts = 0 },
		func(c *config) { c.pushers = 0 },
		func(c *config) { c.scaler.most = 0 },
		func(c *config) { c.buffer = -1 },
	} {
		cfg := settings()
		change(&cfg)
		if _, err := newBank(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
