package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

// TestRandomTreesKeepTheirPromises lets random trees live through random
// crashes, kills, additions, removals, stops and deaf children, and holds every
// event and snapshot against the model: restarts by policy and strategy, counted,
// within the intensity; stops in reverse order; who was removed or is to be
// forgotten leaves, and nobody else; no service served twice at a time; nothing
// left that was not reported.
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
	pruned  atomic.Bool       // a tree has left, and with it maybe some who are stuck
	models  map[string]*model // by the name of the tree
	trees   []*supervise.Tree // of all depths, those that were removed included
}

func (w *world) serveOnce(t *testing.T, r *rand.Rand, tr *supervise.Tree) {
	w.models["root"].begin()
	stop := serve(tr)
	for range r.IntN(30) {
		time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
		synctest.Wait()
		w.disturb(t, r, tr)
		synctest.Wait()
		w.look(tr.Snapshot())
	}
	if r.IntN(2) == 0 {
		synctest.Wait()
		w.models["root"].end() // from its rest on nobody may start
	}
	err := stop()
	var stuck *supervise.StuckError
	if errors.As(err, &stuck); err != nil && stuck == nil && !errors.Is(err, supervise.ErrIntensity) {
		t.Error(err)
	}
	if n := w.alive.Load(); !w.pruned.Load() && stuck == nil && n != 0 || !w.pruned.Load() && stuck != nil && n > int64(len(stuck.Names)) {
		t.Errorf("%d still run after %v", n, err)
	}
	if r.IntN(2) == 0 {
		time.Sleep(time.Second) // else the next Serve finds them stuck
	}
	w.disturb(t, r, tr) // while nobody serves
	w.look(tr.Snapshot())
}

// disturb kills, removes or adds one at random; the tree is at rest, or not served.
func (w *world) disturb(t *testing.T, r *rand.Rand, root *supervise.Tree) {
	name := fmt.Sprint("n", r.IntN(w.made+1)) // most of them run, some do not
	switch r.IntN(4) {
	case 0:
		tr := w.trees[r.IntN(len(w.trees))]
		m := w.models[tr.Snapshot().Name]
		c := w.child(t, r, 2)
		m.add(c)
		if err := tr.Add(c); err != nil {
			t.Error(err)
		}
	case 1:
		for _, tr := range w.trees {
			n := tr.Snapshot()
			if !slices.ContainsFunc(n.Children, func(c supervise.Node) bool { return c.Name == name }) {
				continue
			}
			if w.models[name] != nil {
				w.pruned.Store(true) // as nobody may be there to hear of it yet
			}
			w.models[n.Name].leave(name)
			if err := tr.Remove(name); err != nil {
				t.Error(err)
			}
		}
	default:
		_ = root.Kill(name)
	}
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
	cfg := supervise.Config{Name: name, Strategy: supervise.Strategy(r.IntN(3)), MaxRestarts: 1 + r.IntN(5), Within: time.Second}
	for range 1 + r.IntN(4) {
		cfg.Children = append(cfg.Children, w.child(t, r, depth))
	}
	m := newModel(cfg)
	w.models[name] = m
	var tr *supervise.Tree
	mine := rand.New(rand.NewPCG(r.Uint64(), 3))
	cfg.Hook = func(e supervise.Event) {
		gone := m.hear(e)
		if _, is := gone.Service.(modelled); is {
			w.pruned.Store(true)
		}
		if gone.Name != "" && mine.IntN(2) == 0 { // and comes back
			m.add(gone)
			if err := tr.Add(gone); err != nil {
				t.Error(err)
			}
		}
	}
	tr = tree(t, cfg)
	w.trees = append(w.trees, tr)
	return tr
}

func (w *world) child(t *testing.T, r *rand.Rand, depth int) supervise.Child {
	w.made++
	c := supervise.Child{
		Name: fmt.Sprint("n", w.made), Restart: supervise.Restart(r.IntN(3)), Stop: 100 * time.Millisecond, Forget: r.IntN(3) == 0,
	}
	if depth < 2 && r.IntN(3) == 0 {
		below := w.tree(t, r, c.Name, depth+1)
		c.Service, c.Stop = modelled{below, w.models[c.Name]}, 0
	} else {
		c.Service = w.service(rand.New(rand.NewPCG(r.Uint64(), 2)))
	}
	return c
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
