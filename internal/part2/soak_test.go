package part2_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/supervise"
)

// TestSoakInRealTime does to a chapter, for a minute and at the same time from many
// goroutines, all that may be done to one. AFFLUX_SOAK has it run: as long as it
// says, if it is a duration.
func TestSoakInRealTime(t *testing.T) {
	if os.Getenv("AFFLUX_SOAK") == "" {
		t.Skip("AFFLUX_SOAK is not set")
	}
	lasts, err := time.ParseDuration(os.Getenv("AFFLUX_SOAK"))
	if err != nil {
		lasts = time.Minute
	}
	s := &soak{chapter: open(t, supervisor(4), time.Millisecond)}
	s.flaky.Store(2)
	s.failSome(&s.flaky)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { s.load(ctx) })
	}
	for _, f := range []func(context.Context){s.changeAll, s.actAll, s.killAll, s.sample, s.sample, s.read} {
		all.Go(func() { f(ctx) })
	}
	all.Wait()
	s.end()
}

// soak is a chapter and what was done to it.
type soak struct {
	*chapter
	flaky                           atomic.Int64
	ok, refused, others             atomic.Uint64 // answers
	kills, changes, acts, snapshots atomic.Uint64
}

// rests waits for a random time of at most d; false when the soak is over.
func rests(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(d))))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// load sends requests in bursts.
func (s *soak) load(ctx context.Context) {
	for rests(ctx, 10*time.Millisecond) {
		for range rand.IntN(10) {
			switch w := s.request("GET", "/part2/genstage"); {
			case w.Code == 200 && w.Body.String() == "OK":
				s.ok.Add(1)
			case w.Code == 503 && w.Header().Get("Retry-After") != "":
				s.refused.Add(1)
			default:
				s.others.Add(1)
			}
		}
	}
}

// changeAll changes the settings of the chapter and of the resource.
func (s *soak) changeAll(ctx context.Context) {
	g := &game{random: rand.New(rand.NewPCG(rand.Uint64(), 0))}
	for rests(ctx, 20*time.Millisecond) {
		s.changes.Add(1)
		switch g.random.IntN(6) {
		case 0, 1:
			s.use(resourceAtRandom)
		case 2:
			s.change(all(buffer(5000), func(s *part2.Settings) { s.Overflow = part2.Reject }))
		default:
			s.change(g.oneSetting)
		}
	}
}

func resourceAtRandom(r *resource.Settings) {
	r.Latency = time.Duration(rand.Int64N(int64(2 * time.Millisecond)))
	r.Distribution = resource.Distribution(resource.Distributions()[rand.IntN(len(resource.Distributions()))])
	r.Limit = max(0, rand.IntN(16)-8)
	r.OnFull = [...]resource.OnFull{resource.Reject, resource.Wait}[rand.IntN(2)]
	r.MaxWaiting = rand.IntN(4)
}

// actAll presses the buttons.
func (s *soak) actAll(ctx context.Context) {
	buttons := []func(){s.PauseHandout, s.DrainIntake, s.Rebalance, s.Reset, s.Rebalance, s.Reset}
	for rests(ctx, 50*time.Millisecond) {
		buttons[rand.IntN(len(buttons))]()
		s.acts.Add(1)
		if !rests(ctx, 20*time.Millisecond) {
			break
		}
		s.Part.Resume()
	}
}

// killAll kills one node after the other, whoever is there. The chapter has at most
// three restarts in five seconds, so that it is restarted too.
func (s *soak) killAll(ctx context.Context) {
	for rests(ctx, 100*time.Millisecond) {
		root := s.tree.Snapshot()
		nodes := append(root.Children, find(root, "part2").Children...)
		switch err := s.tree.Kill(nodes[rand.IntN(len(nodes))].Name); {
		case err == nil:
			s.kills.Add(1)
		case !errors.Is(err, supervise.ErrNotRunning) && !errors.Is(err, supervise.ErrNotFound):
			s.t.Error(err)
		}
	}
}

// sample looks at the law, at what never goes back, and at the tree.
func (s *soak) sample(ctx context.Context) {
	var watch watch
	for rests(ctx, 4*time.Millisecond) {
		s.snapshots.Add(1)
		if v := s.View(0); lawOf(v) != "" {
			s.t.Errorf("%s: %+v", lawOf(v), v)
		}
		sn := s.Snapshot()
		watch.look(s.t, sn.Total)
		if n := sn.Total; n.Enqueued != n.Done+n.Failed+n.Dropped+uint64(sn.InSystem()) {
			s.t.Errorf("the law of the totals is broken: %+v", n)
		}
		s.tree.Snapshot()
	}
}

// read is the one reader of finished events.
func (s *soak) read(ctx context.Context) {
	for rests(ctx, 100*time.Millisecond) {
		for _, e := range s.Take() {
			if e.Seq == 0 || e.Attempt < 1 || e.LatencyMS < 0 || e.ServiceMS < 0 || e.InboxWaitMS < 0 || e.Weight < 1 || e.Consumer == "" {
				s.t.Errorf("%+v", e)
			}
		}
	}
}

// end works off what is left, and draws the balance.
func (s *soak) end() {
	s.flaky.Store(0)
	s.use(func(r *resource.Settings) { *r = resource.Defaults(); r.Latency = time.Millisecond })
	s.change(all(supervisor(20), refill(1)))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	left := s.Drain(ctx)
	total, u := s.Snapshot().Total, s.uses()
	s.t.Logf("answered: %d OK, %d 503, %d others; %d done, %d failed, %d dropped, %d retried, %d left; %d kills, part2 restarted %d times, %d changes, %d actions, %d snapshots; uses: %d ended early, %d rejected",
		s.ok.Load(), s.refused.Load(), s.others.Load(), total.Done, total.Failed, total.Dropped, total.Retried, left,
		s.kills.Load(), s.node("part2").Restarts, s.changes.Load(), s.acts.Load(), s.snapshots.Load(), u.Failed, u.Rejected)
	if left != 0 || s.others.Load() != 0 || total.Enqueued != s.ok.Load() || total.Rejected != s.refused.Load() || total.Enqueued != total.Done+total.Failed+total.Dropped {
		s.t.Errorf("unaccounted for: %+v", total)
	}
	if u.InFlight != 0 || u.Finished != total.Done { // a use that took its whole time is an event that is done
		s.t.Errorf("the resource was used %+v, %+v", u, total)
	}
}
