package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

// TestRandomTreesKeepTheirPromises lets random trees live through random
// crashes, kills and stops, and checks after each: no service was ever served
// twice at a time, every restart was told and counted, and after the stop
// nothing runs.
func TestRandomTreesKeepTheirPromises(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := &world{restarts: map[string]int{}}
			tr := w.tree(t, r, "root", 0)
			for range 1 + r.IntN(2) {
				stop := serve(tr)
				for range r.IntN(30) {
					time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
					tr.Kill(fmt.Sprint("n", r.IntN(w.made+1)))
				}
				if err := stop(); err != nil && !errors.Is(err, supervise.ErrIntensity) {
					t.Errorf("seed %d: %v", seed, err)
				}
				if n := w.alive.Load(); n != 0 {
					t.Errorf("seed %d: %d still run after the stop", seed, n)
				}
			}
			if w.doubled.Load() {
				t.Errorf("seed %d: a service was served twice at a time", seed)
			}
			w.check(t, seed, tr.Snapshot())
		})
	}
}

type world struct {
	made     int
	alive    atomic.Int64
	doubled  atomic.Bool
	restarts map[string]int // as told; all trees of a world tell in turn
	turn     atomic.Bool
}

func (w *world) tree(t *testing.T, r *rand.Rand, name string, depth int) *supervise.Tree {
	cfg := supervise.Config{Name: name, MaxRestarts: 1 + r.IntN(5), Within: time.Second, Hook: w.hear}
	for range 1 + r.IntN(4) {
		w.made++
		c := supervise.Child{Name: fmt.Sprint("n", w.made), Restart: supervise.Restart(r.IntN(3))}
		if depth < 2 && r.IntN(3) == 0 {
			c.Service = w.tree(t, r, c.Name, depth+1)
		} else {
			c.Service = w.service(rand.New(rand.NewPCG(r.Uint64(), 2)))
		}
		cfg.Children = append(cfg.Children, c)
	}
	return tree(t, cfg)
}

// service runs for a while, then ends in one of the ways there are.
func (w *world) service(r *rand.Rand) supervise.Service {
	var inside atomic.Bool
	return supervise.Func(func(ctx context.Context) error {
		if inside.Swap(true) {
			w.doubled.Store(true)
		}
		w.alive.Add(1)
		defer func() { w.alive.Add(-1); inside.Store(false) }()
		select {
		case <-ctx.Done():
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
			return context.Cause(ctx)
		case <-time.After(time.Duration(r.IntN(3000)) * time.Millisecond):
		}
		switch r.IntN(3) {
		case 0:
			panic("at random")
		case 1:
			return errors.New("at random")
		}
		return nil
	})
}

func (w *world) hear(e supervise.Event) {
	for !w.turn.CompareAndSwap(false, true) {
	}
	defer w.turn.Store(false)
	if e, ok := e.(supervise.Restarting); ok {
		w.restarts[e.Child]++
		if w.restarts[e.Child] != e.Restarts {
			panic(fmt.Sprintf("%s: told %d of %d", e.Child, e.Restarts, w.restarts[e.Child]))
		}
	}
}

func (w *world) check(t *testing.T, seed uint64, n supervise.Node) {
	for _, c := range n.Children {
		if c.Restarts != w.restarts[c.Name] {
			t.Errorf("seed %d: %s restarted %d times, %d told", seed, c.Name, c.Restarts, w.restarts[c.Name])
		}
		switch c.State {
		case supervise.StateRunning, supervise.StateStopping, supervise.StateStuck:
			t.Errorf("seed %d: %s is %s after the stop", seed, c.Name, c.State)
		}
		w.check(t, seed, c)
	}
}
