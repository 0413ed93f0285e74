package resource_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
)

// TestNoUseBeginsAtOrAboveTheLimit storms one resource from many goroutines,
// with limits that change, cancels, panics, abandoned places and restarts, until
// there were enough admissions (ten million without the race detector). A counter
// of its own, outside the resource, must never pass the highest limit; within
// each phase of one limit the peak must not pass that limit, or what was in use
// when it began; and with every snapshot the books must balance.
func TestNoUseBeginsAtOrAboveTheLimit(t *testing.T) {
	const highest = 40
	m, err := resource.New(storm(rand.New(rand.NewPCG(1, 1)), highest))
	if err != nil {
		t.Fatal(err)
	}
	var admitted, held, over atomic.Int64
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	worker := func(seed uint64) {
		r := rand.New(rand.NewPCG(7, seed))
		c := m.Caller([]string{"serial", "async"}[seed%2])
		for ctx.Err() == nil {
			p, err := c.Enter(ctx)
			if err != nil {
				continue
			}
			if admitted.Add(1) >= admissions {
				stop()
			}
			use(r, p, &held, &over, highest)
		}
	}
	for i := range 64 {
		wg.Go(func() { worker(uint64(i)) })
	}
	wg.Go(func() { disturb(ctx, t, m, highest) })
	wg.Wait()
	if over.Load() > 0 {
		t.Errorf("%d uses beyond the limit of %d", over.Load(), highest)
	}
	all := m.Snapshot().All
	if all.InFlight != 0 || all.Waiting != 0 {
		t.Errorf("left over: %+v", all)
	}
	if all.Peak > highest {
		t.Errorf("peak %d of at most %d", all.Peak, highest)
	}
	if total := m.Snapshot().Total; total.Started+total.Abandoned != uint64(admitted.Load()) {
		t.Errorf("%d admissions, %+v", admitted.Load(), total)
	}
}

// use does with a place one of the things that work does.
func use(r *rand.Rand, p *resource.Place, held, over *atomic.Int64, highest int64) {
	switch r.IntN(8) {
	case 0:
		p.Leave()
	case 1:
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		p.Use(ctx)
	case 2:
		defer func() { recover() }()
		p.Use(panicky{context.Background()})
	default:
		// Inside Use the place is certainly in use: the context looks.
		p.Use(&witness{Context: context.Background(), held: held, over: over, highest: highest})
	}
}

// witness counts how many are inside at the moment at which a use asks its
// context for the cause of its end, which one without latency does after it was
// admitted and before it leaves.
type witness struct {
	context.Context
	held, over *atomic.Int64
	highest    int64
}

func (w *witness) Value(key any) any {
	if w.held.Add(1) > w.highest {
		w.over.Add(1)
	}
	runtime.Gosched()
	w.held.Add(-1)
	return w.Context.Value(key)
}

// disturb changes settings, restarts the resource and checks the books until ctx ends.
func disturb(ctx context.Context, t *testing.T, m *resource.Mock, highest int) {
	r := rand.New(rand.NewPCG(3, 3))
	for ctx.Err() == nil {
		life, end := context.WithCancel(ctx)
		served := make(chan struct{})
		go func() { defer close(served); m.Serve(life) }()
		for range 50 {
			phase(t, m, storm(r, highest))
		}
		end()
		<-served
	}
}

// phase lets the storm blow for a while under one limit.
func phase(t *testing.T, m *resource.Mock, s resource.Settings) {
	if err := m.Apply(s); err != nil {
		t.Error(err)
	}
	m.Reset() // from here on the peak speaks of this limit alone
	before := m.Snapshot()
	time.Sleep(200 * time.Microsecond) // real time: the storm is real
	after := m.Snapshot()
	if most := max(s.Limit, before.All.Peak); after.All.Peak > most {
		t.Errorf("peak %d with a limit of %d and %d in use before", after.All.Peak, s.Limit, before.All.InFlight)
	}
	balanced(t, after)
}

func storm(r *rand.Rand, highest int) resource.Settings {
	s := resource.Defaults()
	s.Latency = time.Duration(r.IntN(2)) * time.Microsecond
	s.Limit = 1 + r.IntN(highest)
	s.OnFull = []resource.OnFull{resource.Reject, resource.Wait}[r.IntN(2)]
	s.MaxWaiting = r.IntN(50)
	return s
}

func balanced(t *testing.T, s resource.Snapshot) {
	t.Helper()
	var sum resource.Counts
	for _, c := range s.Callers {
		n := c.Now
		if n.Started != uint64(n.InFlight)+n.Finished+n.Failed {
			t.Errorf("%s: %+v", c.Name, n)
		}
		sum.Started += n.Started
		sum.InFlight += n.InFlight
		sum.Waiting += n.Waiting
	}
	a := s.All
	if a.Started != uint64(a.InFlight)+a.Finished+a.Failed {
		t.Errorf("all: %+v", a)
	}
	if sum.Started != a.Started || sum.InFlight != a.InFlight || sum.Waiting != a.Waiting {
		t.Errorf("callers %+v, all %+v", sum, a)
	}
}
