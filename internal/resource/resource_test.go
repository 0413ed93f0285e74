package resource_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/internal/resource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns a running resource, ended with the test.
func open(t testing.TB, change func(*resource.Settings)) *resource.Mock {
	t.Helper()
	s := resource.Defaults()
	if change != nil {
		change(&s)
	}
	m, err := resource.New(s)
	if err != nil {
		t.Fatal(err)
	}
	start(t, m)
	return m
}

// start serves m and returns what ends that life and waits for its end.
func start(t testing.TB, m *resource.Mock) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); m.Serve(ctx) }()
	for !m.Running() {
		time.Sleep(time.Microsecond)
	}
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func change(t testing.TB, m *resource.Mock, f func(*resource.Settings)) {
	t.Helper()
	s := m.Settings()
	f(&s)
	if err := m.Apply(s); err != nil {
		t.Fatal(err)
	}
}

func counts(t testing.TB, m *resource.Mock, want resource.Counts) {
	t.Helper()
	if got := m.Snapshot().All; got != want {
		t.Errorf("counts\n got %+v\nwant %+v", got, want)
	}
}

func TestAUseTakesItsLatencyAndIsCountedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, nil)
		began := time.Now()
		if err := m.Caller("a").Use(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != resource.DefaultLatency {
			t.Errorf("took %v", took)
		}
		counts(t, m, resource.Counts{Peak: 1, Started: 1, Finished: 1})
	})
}

func TestEveryPathCountsOut(t *testing.T) {
	paths := map[string]func(m *resource.Mock){
		"cancelled": func(m *resource.Mock) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			m.Caller("a").Use(ctx)
		},
		"cancelled before": func(m *resource.Mock) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			m.Caller("a").Use(ctx)
		},
		"panic": func(m *resource.Mock) {
			defer func() { recover() }()
			m.Caller("a").Use(panicky{context.Background()})
		},
		"left": func(m *resource.Mock) {
			p, _ := m.Caller("a").Enter(context.Background())
			p.Leave()
			p.Leave()
		},
	}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := open(t, nil)
				path(m)
				counts(t, m, resource.Counts{Peak: 1, Started: 1, Failed: 1})
			})
		})
	}
}

// panicky is a context that panics when it is waited for.
type panicky struct{ context.Context }

func (panicky) Done() <-chan struct{} { panic("no") }

func TestAFullResourceRefusesAndNamesItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit = 15 })
		c := m.Caller("a")
		for range 15 {
			go c.Use(context.Background())
		}
		synctest.Wait()
		var full *resource.FullError
		if err := c.Use(t.Context()); !errors.As(err, &full) || full.Limit != 15 {
			t.Errorf("got %v", err)
		}
		counts(t, m, resource.Counts{InFlight: 15, Peak: 15, Started: 15, Rejected: 1})
		time.Sleep(time.Second)
		counts(t, m, resource.Counts{Peak: 15, Started: 15, Finished: 15, Rejected: 1})
	})
}

func TestWaitersAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit, s.OnFull = 1, resource.Wait })
		order := make(chan int, 10)
		for i := range 10 {
			p, err := m.Caller("a").Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			go func() { p.Use(context.Background()); order <- i }()
		}
		counts(t, m, resource.Counts{InFlight: 1, Peak: 1, Started: 1, Waiting: 9})
		time.Sleep(10 * resource.DefaultLatency)
		synctest.Wait()
		for i := range 10 {
			if got := <-order; got != i {
				t.Fatalf("%d was served as number %d", got, i)
			}
		}
		counts(t, m, resource.Counts{Peak: 1, Started: 10, Finished: 10})
	})
}

func TestTheLineIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit, s.OnFull, s.MaxWaiting = 1, resource.Wait, 2 })
		c := m.Caller("a")
		for range 3 {
			p, _ := c.Enter(t.Context())
			defer p.Leave()
		}
		if _, err := c.Enter(t.Context()); err == nil || err.Error() != "the mock resource is full: limit 1, 2 waiting" {
			t.Errorf("got %v", err)
		}
	})
}

func TestAWaiterThatLosesPatienceIsAbandonedAndOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit, s.OnFull = 1, resource.Wait })
		c := m.Caller("a")
		go c.Use(context.Background())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := c.Use(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		counts(t, m, resource.Counts{InFlight: 1, Peak: 1, Started: 1, Abandoned: 1})
		time.Sleep(time.Second)
	})
}

func TestARaisedLimitAdmitsAtOnceAndALoweredOneInterruptsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit, s.OnFull = 1, resource.Wait })
		for range 6 {
			go m.Caller("a").Use(context.Background())
		}
		synctest.Wait()
		change(t, m, func(s *resource.Settings) { s.Limit = 4 })
		counts(t, m, resource.Counts{InFlight: 4, Peak: 4, Started: 4, Waiting: 2})
		change(t, m, func(s *resource.Settings) { s.Limit = 1 })
		counts(t, m, resource.Counts{InFlight: 4, Peak: 4, Started: 4, Waiting: 2})
		time.Sleep(resource.DefaultLatency)
		synctest.Wait()
		counts(t, m, resource.Counts{InFlight: 1, Peak: 4, Started: 5, Finished: 4, Waiting: 1})
		time.Sleep(2 * resource.DefaultLatency)
		synctest.Wait()
		counts(t, m, resource.Counts{Peak: 4, Started: 6, Finished: 6})
	})
}

func TestSettingsApplyToUsesThatBeginAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, nil)
		took := func() <-chan time.Duration {
			c, began := make(chan time.Duration, 1), time.Now()
			go func() { m.Caller("a").Use(context.Background()); c <- time.Since(began) }()
			synctest.Wait()
			return c
		}
		before := took()
		change(t, m, func(s *resource.Settings) { s.Latency *= 5 })
		after := took()
		if a, b := <-before, <-after; a != resource.DefaultLatency || b != 5*resource.DefaultLatency {
			t.Errorf("before %v, after %v", a, b)
		}
	})
}

func TestARestartEndsUsesAndWaitsAndKeepsTheBooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := resource.Defaults()
		s.Limit, s.OnFull = 2, resource.Wait
		m, _ := resource.New(s)
		if _, err := m.Caller("a").Enter(t.Context()); !errors.Is(err, resource.ErrRestarted) {
			t.Errorf("before it runs: %v", err)
		}
		stop := start(t, m)
		errs := make(chan error, 5)
		for range 5 {
			go func() { errs <- m.Caller("a").Use(context.Background()) }()
		}
		synctest.Wait()
		stop()
		for range 5 {
			if err := <-errs; !errors.Is(err, resource.ErrRestarted) {
				t.Errorf("got %v", err)
			}
		}
		synctest.Wait()
		counts(t, m, resource.Counts{Peak: 2, Started: 2, Failed: 2, Abandoned: 3, Rejected: 1})
		start(t, m)
		if err := m.Caller("a").Use(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAPlaceFromAnOldLifeIsNotAdmittedIntoANewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := resource.Defaults()
		s.Limit, s.OnFull = 1, resource.Wait
		m, _ := resource.New(s)
		stop := start(t, m)
		held, _ := m.Caller("a").Enter(t.Context())
		waiting, _ := m.Caller("a").Enter(t.Context())
		stop()
		start(t, m)
		held.Leave()
		if err := waiting.Use(t.Context()); !errors.Is(err, resource.ErrRestarted) {
			t.Errorf("got %v", err)
		}
		counts(t, m, resource.Counts{Peak: 1, Started: 1, Failed: 1, Abandoned: 1})
	})
}

func TestNaiveAdmissionOverAdmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit, s.Admission = 15, resource.Naive })
		for range 50 {
			go m.Caller("a").Use(context.Background())
		}
		time.Sleep(time.Second)
		if peak := m.Snapshot().All.Peak; peak != 50 {
			t.Errorf("peak %d: the racy variant did not race", peak)
		}
	})
}

func TestResetBeginsAnEpochAndTotalsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, func(s *resource.Settings) { s.Limit = 2 })
		c := m.Caller("a")
		c.Use(t.Context())
		for range 3 {
			go c.Use(context.Background())
		}
		synctest.Wait()
		m.Reset()
		want := resource.Counts{InFlight: 2, Peak: 2, Started: 2}
		counts(t, m, want)
		if got := m.Snapshot().Callers[0].Now; got != want {
			t.Errorf("by caller: %+v", got)
		}
		if got := m.Snapshot().Total; got.Started != 3 || got.Finished != 1 || got.Rejected != 1 {
			t.Errorf("total: %+v", got)
		}
		time.Sleep(time.Second)
	})
}

func TestDrawsHaveTheirMeanAndRepeat(t *testing.T) {
	for _, d := range resource.Distributions() {
		t.Run(d, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := open(t, func(s *resource.Settings) { s.Distribution = resource.Distribution(d) })
				const n = 20_000
				run := func() (sum time.Duration) {
					m.Reset()
					for range n {
						began := time.Now()
						m.Caller("a").Use(t.Context())
						sum += time.Since(began)
					}
					return sum
				}
				first, again := run(), run()
				if first != again {
					t.Errorf("%v, then %v: not repeatable", first, again)
				}
				mean := float64(first) / n / float64(resource.DefaultLatency)
				if math.Abs(mean-1) > 0.05 { // lognormal: standard error 0.93 %
					t.Errorf("mean %.3f of the latency", mean)
				}
			})
		})
	}
}

func TestBadSettingsAreRefusedAndChangeNothing(t *testing.T) {
	bad := map[string]func(*resource.Settings){
		"latency":      func(s *resource.Settings) { s.Latency = -1 },
		"latency ":     func(s *resource.Settings) { s.Latency = 2 * time.Hour },
		"distribution": func(s *resource.Settings) { s.Distribution = "normal" },
		"limit":        func(s *resource.Settings) { s.Limit = -1 },
		"on_full":      func(s *resource.Settings) { s.OnFull = "drop" },
		"max_waiting":  func(s *resource.Settings) { s.MaxWaiting = resource.MaxLimit + 1 },
		"admission":    func(s *resource.Settings) { s.Admission = "" },
		"naive_gap":    func(s *resource.Settings) { s.NaiveGap = time.Minute },
	}
	m := open(t, nil)
	for name, f := range bad {
		s := resource.Defaults()
		f(&s)
		if err := m.Apply(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if m.Settings() != resource.Defaults() {
		t.Error("a refused change changed something")
	}
}

func TestServingTwiceAtOnceIsRefused(t *testing.T) {
	m := open(t, nil)
	if err := m.Serve(t.Context()); err == nil {
		t.Error("no error")
	}
}

func BenchmarkUse(b *testing.B) {
	m := open(b, func(s *resource.Settings) { s.Latency = 0 })
	c, ctx := m.Caller("a"), b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Use(ctx)
		}
	})
}
