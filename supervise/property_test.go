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
// crashes, kills, stops and deaf children, and holds every event and snapshot
// against the model: restarts by policy, counted, within the intensity; stops in
// reverse order; no service served twice at a time; nothing left that was not
// reported.
func TestRandomTreesKeepTheirPromises(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := &world{models: map[string]*model{}}
			tr := w.tree(t, r, "root", 0)
			for range 1 + r.IntN(3) {
				w.serveOnce(t, r, tr)
			}
			time.Sleep(time.Second) // for those that are deaf
			if w.doubled.Load() {
				t.Error("a service was served twice at a time")
			}
			for name, m := range w.models {
				for _, wrong := range m.wrong {
					t.Errorf("%s: %s", name, wrong)
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

type world struct {
	made    int
	alive   atomic.Int64
	doubled atomic.Bool
	models  map[string]*model // by the name of the tree
}

func (w *world) serveOnce(t *testing.T, r *rand.Rand, tr *supervise.Tree) {
	w.models["root"].begin()
	stop := serve(tr)
	for range r.IntN(30) {
		time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
		_ = tr.Kill(fmt.Sprint("n", r.IntN(w.made+1))) // most of them run, some do not
		synctest.Wait()
		w.look(tr.Snapshot())
	}
	err := stop()
	var stuck *supervise.StuckError
	if errors.As(err, &stuck); err != nil && stuck == nil && !errors.Is(err, supervise.ErrIntensity) {
		t.Error(err)
	}
	if n := w.alive.Load(); stuck == nil && n != 0 || stuck != nil && n > int64(len(stuck.Names)) {
		t.Errorf("%d still run after %v", n, err)
	}
	if r.IntN(2) == 0 {
		time.Sleep(time.Second) // else the next Serve finds them stuck
	}
	w.look(tr.Snapshot())
}

func (w *world) look(n supervise.Node) {
	if m := w.models[n.Name]; m != nil {
		m.agrees(n)
	}
	for _, c := range n.Children {
		w.look(c)
	}
}

func (w *world) tree(t *testing.T, r *rand.Rand, name string, depth int) *supervise.Tree {
	cfg := supervise.Config{Name: name, MaxRestarts: 1 + r.IntN(5), Within: time.Second}
	for range 1 + r.IntN(4) {
		w.made++
		c := supervise.Child{Name: fmt.Sprint("n", w.made), Restart: supervise.Restart(r.IntN(3)), Stop: 100 * time.Millisecond}
		if depth < 2 && r.IntN(3) == 0 {
			below := w.tree(t, r, c.Name, depth+1)
			c.Service, c.Stop = modelled{below, w.models[c.Name]}, 0
		} else {
			c.Service = w.service(rand.New(rand.NewPCG(r.Uint64(), 2)))
		}
		cfg.Children = append(cfg.Children, c)
	}
	m := newModel(cfg)
	cfg.Hook, w.models[name] = m.hear, m
	return tree(t, cfg)
}

// service runs for a while, then ends in one of the ways there are. Told to
// leave it does so soon, but one time in ten too late.
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
			slow := time.Duration(r.IntN(20))
			if r.IntN(10) == 0 {
				slow += 500
			}
			time.Sleep(slow * time.Millisecond)
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
