package part2_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/supervise"
)

const usualSeeds = 300

var (
	seedsToRun = flag.Uint64("seeds", usualSeeds, "how many random runs the property test makes")
	firstSeed  = flag.Uint64("first-seed", 1, "where it begins")
)

func TestWhateverIsDoneToTheChapterEveryEventIsAccountedFor(t *testing.T) {
	began, seed := time.Now(), *firstSeed
	defer func() { t.Logf("seeds %d to %d", *firstSeed, seed-1) }()
	for ; seed < *firstSeed+*seedsToRun; seed++ {
		if *seedsToRun == usualSeeds && time.Since(began) > 15*time.Second {
			break // a slow machine: that is enough for a usual run
		}
		var now atomic.Value
		now.Store("begins")
		// Goroutines that run in circles stop a bubble's time: only ours goes on.
		watchdog := time.AfterFunc(30*time.Second, func() { panic(fmt.Sprintf("seed %d is stuck: %v", seed, now.Load())) })
		synctest.Test(t, func(t *testing.T) { play(t, seed, &now) })
		watchdog.Stop()
		if t.Failed() {
			t.Fatalf("seed %d: -run %s -seeds 1 -first-seed %d", seed, t.Name(), seed)
		}
	}
}

// game is a chapter to which random things are done.
type game struct {
	*chapter
	random  *rand.Rand
	ok      uint64 // requests answered so
	refused uint64
	watch   watch
	calm    bool         // nobody is killed and nothing fails: each use is the only one of its event
	flaky   atomic.Int64 // of a hundred uses, how many fail
}

// play plays one game, in a bubble.
func play(t *testing.T, seed uint64, now *atomic.Value) {
	g := &game{random: rand.New(rand.NewPCG(seed, 2))}
	g.calm = g.random.IntN(3) == 0
	g.chapter = open(t, g.settingsAtRandom, half)
	g.failSome(&g.flaky)
	g.check("at first")
	moves := g.moves()
	for range 20 + g.random.IntN(60) {
		m := moves[g.random.IntN(len(moves))]
		now.Store(m.name)
		m.make()
		if g.random.IntN(3) > 0 { // else what follows comes at the same moment
			synctest.Wait()
			g.nobodyIdles(m.name)
		}
		g.check(m.name)
		if t.Failed() {
			return
		}
	}
	now.Store("the end")
	g.end()
}

type move struct {
	name string
	make func()
}

func (g *game) moves() []move {
	moves := []move{
		{"push", func() { g.push(1 + g.random.IntN(30)) }},
		{"push much", func() { g.push(g.random.IntN(300)) }},
		{"time", func() { time.Sleep(time.Duration(g.random.Int64N(int64(3 * time.Second)))) }},
		{"time to the next step", func() { time.Sleep(time.Duration(g.random.IntN(5)) * half) }},
		{"settings", func() { g.change(g.settingsAtRandom) }},
		{"one setting", func() { g.change(g.oneSetting) }},
		{"one setting and back", func() { was := g.settings; g.change(g.oneSetting); g.change(func(s *part2.Settings) { *s = was }) }},
		{"pause", g.PauseHandout},
		{"resume", g.Part.Resume},
		{"resume", g.Part.Resume},
		{"drain", g.DrainIntake},
		{"rebalance", g.Rebalance},
		{"reset", g.Reset},
		{"take", func() { g.Take() }},
	}
	if g.calm {
		return moves
	}
	return append(moves,
		move{"resource", g.changeResource},
		move{"resource", g.changeResource},
		move{"kill", g.killOne},
		move{"kill", g.killOne},
		move{"failures", func() { g.flaky.Store(g.random.Int64N(100)) }},
	)
}

func (g *game) push(n int) {
	for range n {
		route := [...]string{"/part2/genstage", "/part2/async"}[g.random.IntN(2)]
		switch w := g.request("POST", route); {
		case w.Code == 200 && w.Body.String() == "OK":
			g.ok++
		case w.Code == 503 && w.Header().Get("Retry-After") == "1" && w.Body.String() != "OK":
			g.refused++
		default:
			g.t.Errorf("answered %d %q", w.Code, w.Body)
		}
	}
}

func (g *game) settingsAtRandom(s *part2.Settings) {
	for range 6 {
		g.oneSetting(s)
	}
}

func (g *game) oneSetting(s *part2.Settings) {
	few := func(most int) int { return 1 + g.random.IntN(1+g.random.IntN(most)) } // small ones more often
	switch g.random.IntN(8) {
	case 0:
		s.Kind = [...]part2.Kind{part2.Consumers, part2.Supervisor}[g.random.IntN(2)]
	case 1:
		s.Consumers = few(8)
	case 2:
		s.Concurrency = few(20)
	case 3:
		s.Refill = few(25)
	case 4:
		s.Handout = [...]part2.Handout{part2.Prefetch, part2.Lazy}[g.random.IntN(2)]
	case 5:
		s.MaxDemand = few(200)
		s.MinDemand = -1 + g.random.IntN(s.MaxDemand+1)
	case 6:
		s.Buffer = few(200)
	case 7:
		s.Attempts = few(6)
	}
	if g.random.IntN(10) == 0 {
		s.Overflow = [...]part2.Overflow{part2.Reject, part2.DropOldest, part2.DropNewest}[g.random.IntN(3)]
	}
}

func (g *game) changeResource() {
	g.use(func(s *resource.Settings) {
		switch g.random.IntN(4) {
		case 0:
			s.Latency = [...]time.Duration{0, time.Millisecond, half, half, 20 * time.Second}[g.random.IntN(5)]
		case 1:
			all := resource.Distributions()
			s.Distribution = resource.Distribution(all[g.random.IntN(len(all))])
		case 2:
			s.Limit = g.random.IntN(6)
		case 3:
			s.OnFull = [...]resource.OnFull{resource.Reject, resource.Wait}[g.random.IntN(2)]
			s.MaxWaiting = g.random.IntN(4)
		}
	})
}

// killOne kills any node but the root; one that is on its way cannot be.
func (g *game) killOne() {
	nodes := g.tree.Snapshot().Children
	nodes = append(nodes, find(g.tree.Snapshot(), "part2").Children...)
	name := nodes[g.random.IntN(len(nodes))].Name
	if err := g.tree.Kill(name); err != nil && !errors.Is(err, supervise.ErrNotRunning) && !errors.Is(err, supervise.ErrNotFound) {
		g.t.Error(err)
	}
}

// check looks at what holds at every moment.
func (g *game) check(after string) {
	v, s := g.View(0), g.Snapshot()
	if broken := lawOf(v); broken != "" {
		g.t.Errorf("after %s: %s: %+v", after, broken, v)
	}
	g.watch.look(g.t, s.Total)
	if s.Total.Enqueued != g.ok || s.Total.Rejected != g.refused {
		g.t.Errorf("after %s: %d OK and %d refused, in the books %+v", after, g.ok, g.refused, s.Total)
	}
	if s.Total.Enqueued != s.Total.Done+s.Total.Failed+s.Total.Dropped+uint64(s.InSystem()) {
		g.t.Errorf("after %s: the law of the totals is broken: %+v", after, s)
	}
	for _, c := range v.Consumers {
		if c.Leaving && c.Inbox > 0 || v.Kind == part2.Consumers && c.Busy > 1 || (c.Name == "consumer-supervisor") != (v.Kind == part2.Supervisor) {
			g.t.Errorf("after %s: %+v", after, v)
		}
	}
	if v.Intake == part2.Closed && v.InSystem > 0 || v.Forecast.State == part2.Idle != (v.InSystem == 0) {
		g.t.Errorf("after %s: %+v", after, v)
	}
}

// nobodyIdles checks, when all is at rest, that no event waits which a consumer could
// take.
func (g *game) nobodyIdles(after string) {
	v := g.View(0)
	if v.Paused || v.InBuffer == 0 || v.SwitchingTo != "" || g.settings.Kind != part2.Consumers || g.settings.Handout != part2.Lazy {
		return
	}
	for _, c := range v.Consumers {
		if c.Busy == 0 {
			g.t.Errorf("after %s: %s idles while %d wait", after, c.Name, v.InBuffer)
		}
	}
}

// end has everything worked off, and draws the balance.
func (g *game) end() {
	if g.random.IntN(2) == 0 {
		g.change(g.settingsAtRandom) // such a change may be under way when the drain begins
	}
	g.flaky.Store(0)
	g.use(func(s *resource.Settings) { s.Limit, s.Latency, s.Distribution = 0, half, resource.Constant })
	drains := g.random.IntN(2) == 0
	if drains {
		ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
		defer cancel()
		if left := g.Drain(ctx); left != 0 {
			g.t.Errorf("%d left", left)
		}
	} else {
		g.Part.Resume()
		for hours := 0; g.InSystem() > 0 && hours < 24; hours++ {
			time.Sleep(time.Hour)
		}
	}
	time.Sleep(time.Second)
	synctest.Wait()
	g.check("the end")
	g.balance()
	if !drains {
		g.crewIsComplete()
	}
}

func (g *game) balance() {
	s, u := g.Snapshot(), g.uses()
	if s.InSystem() != 0 || g.ok != s.Total.Done+s.Total.Failed+s.Total.Dropped {
		g.t.Errorf("%d answered OK, %d in the system: %+v", g.ok, s.InSystem(), s.Total)
	}
	// A use that took its whole time is an event that is done, and there is no other.
	if u.InFlight != 0 || u.Finished != s.Total.Done {
		g.t.Errorf("%+v done, the resource was used %+v", s.Total, u)
	}
	if g.calm && (u.Failed != 0 || u.Started != s.Total.Done || s.Total.Failed != 0) {
		g.t.Errorf("nobody was killed: %+v, %+v", s.Total, u)
	}
}

// crewIsComplete checks that those are there, and run, whom the settings want.
func (g *game) crewIsComplete() {
	want := []string{"consumer-supervisor"}
	if g.settings.Kind == part2.Consumers {
		want = nil
		for i := range g.settings.Consumers {
			want = append(want, fmt.Sprint("consumer-", i+1))
		}
	}
	g.wantNames(g.View(0), want...)
	for _, name := range append(want, "producer", "mock-resource", "part2") {
		if n := g.node(name); n.State != supervise.StateRunning {
			g.t.Errorf("%+v", n)
		}
	}
	if n := len(g.node("part2").Children); n != len(want)+1 {
		g.t.Errorf("%d nodes, want %v and the producer", n, want)
	}
}
