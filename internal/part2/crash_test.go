package part2_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/supervise"
)

// Whoever is killed in the middle of a backlog comes again, and nothing is lost.
func TestWhateverIsKilledComesAgainAndNothingIsLost(t *testing.T) {
	crews := map[string]struct {
		change func(*part2.Settings)
		nodes  []string
	}{
		"consumers, prefetch": {consumers(3), []string{"consumer-1", "consumer-2", "consumer-3"}},
		"consumers, lazy":     {all(lazy, consumers(3)), []string{"consumer-1", "consumer-2", "consumer-3"}},
		"one, prefetch":       {nil, []string{"consumer-1"}},
		"supervisor":          {supervisor(4), []string{"consumer-supervisor"}},
	}
	for name, crew := range crews {
		for _, victim := range append(crew.nodes, "producer", "part2", "mock-resource") {
			t.Run(name+", "+victim, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := open(t, crew.change, half)
					synctest.Wait()
					c.enqueue(60)
					c.pass(1250 * time.Millisecond)
					for n := range 3 {
						c.kill(victim)
						if node := c.node(victim); node.State != supervise.StateRunning || node.Restarts != n+1 {
							t.Errorf("%+v", node)
						}
						c.enqueue(1)
						c.wantNames(c.pass(1650*time.Millisecond), crew.nodes...)
					}
					c.empty()
					v := c.settled(63)
					if v.Failed != 0 || v.Rejected != 0 {
						t.Errorf("%+v", v)
					}
					// An event whose use was ended is used again; those in nobody's hand are not.
					if u := c.uses(); u.Started != 63+u.Failed || u.Failed > 12 {
						t.Errorf("%+v", u)
					}
				})
			})
		}
	}
}

func TestAKillCostsTheTimeOfTheUseThatItEnded(t *testing.T) {
	for victim, want := range map[string]time.Duration{
		"consumer-1": 10250 * time.Millisecond,
		"part2":      10250 * time.Millisecond,
		"producer":   10 * time.Second, // it has nothing in hand
		// Its event waits 100 ms, and the next one is used meanwhile.
		"mock-resource": 10250 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, nil, half)
			synctest.Wait()
			c.enqueue(20)
			c.pass(1250 * time.Millisecond)
			c.kill(victim)
			if took := c.empty() + 1250*time.Millisecond; took != want {
				t.Errorf("%s: %v, want %v", victim, took, want)
			}
			c.settled(20)
		})
	}
}

func TestTheInboxOfAKilledConsumerReturnsInItsOldPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(consumers(2), demand(4)), half)
		synctest.Wait()
		c.enqueue(20)
		c.pass(250 * time.Millisecond)
		c.PauseHandout()
		c.kill("consumer-2")
		v := c.law() // what it had, in hand and in its inbox, waits
		if v.Consumers[1].Busy != 0 || v.Consumers[1].Inbox != 0 || v.InBuffer != 12+4 || v.Consumers[0].Inbox != 3 {
			t.Errorf("%+v", v)
		}
		c.Resume()
		c.empty()
		c.settled(20)
		// The last of the burst is the last to be done.
		if seqs := c.seqs(); seqs[len(seqs)-1] != 20 && seqs[len(seqs)-2] != 20 {
			t.Errorf("%v", seqs)
		}
	})
}

func TestAConsumerThatIsKilledWhileItLeavesGoesForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(2), half)
		synctest.Wait()
		c.enqueue(10)
		c.pass(250 * time.Millisecond)
		c.change(consumers(1))
		c.kill("consumer-2")
		c.wantNames(c.law(), "consumer-1")
		if n := c.node("consumer-2"); n.Name != "" {
			t.Errorf("%+v", n)
		}
		c.empty()
		c.settled(10)
	})
}

func TestAKindChangeGoesOnWhenTheOldIsKilled(t *testing.T) {
	for _, victim := range []string{"consumer-1", "part2"} {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, nil, half)
			synctest.Wait()
			c.enqueue(1)
			synctest.Wait()
			c.use(func(s *resource.Settings) { s.Latency = time.Hour })
			c.enqueue(10)
			c.pass(600 * time.Millisecond)
			c.use(func(s *resource.Settings) { s.Latency = half })
			c.change(supervisor(3))
			if v := c.law(); v.SwitchingTo != part2.Supervisor || v.InHand != 1 {
				t.Errorf("%+v", v)
			}
			c.kill(victim)
			v := c.law()
			if v.Kind != part2.Supervisor || v.SwitchingTo != "" || v.InHand != 3 {
				t.Errorf("%s: %+v", victim, v)
			}
			c.wantNames(v, "consumer-supervisor")
			c.empty()
			c.settled(11)
		})
	}
}

func TestTooManyCrashesRestartTheChapterAndItsQueueOutlivesThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(3), half)
		synctest.Wait()
		c.enqueue(60)
		c.pass(1250 * time.Millisecond)
		for i := range 8 { // the fourth is one too many, and so is the eighth
			c.kill(fmt.Sprint("consumer-", 1+i%3))
			if n := c.enqueue(1); n != 1 {
				t.Error("it was not accepted")
			}
			c.pass(100 * time.Millisecond)
		}
		if n := c.node("part2"); n.Restarts != 2 || n.State != supervise.StateRunning {
			t.Errorf("%+v", n)
		}
		for _, name := range []string{"producer", "consumer-1", "consumer-2", "consumer-3"} {
			if n := c.node(name); n.State != supervise.StateRunning {
				t.Errorf("%+v", n)
			}
		}
		if n := c.node("root"); n.State != supervise.StateRunning {
			t.Errorf("%+v", n)
		}
		c.empty()
		c.settled(68)
	})
}

func TestTheHookIsToldWhatHappensToTheNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		c := openWith(t, all(consumers(2)), half, part2.Options{Hook: func(e supervise.Event) { told = append(told, e.String()) }})
		synctest.Wait()
		c.change(consumers(1))
		synctest.Wait()
		c.kill("consumer-1")
		for _, want := range []string{
			"part2/producer started", "part2/consumer-1 started", "part2/consumer-2 started",
			"part2/consumer-2 has left the tree", "part2/consumer-1 is restarted, 1 so far",
		} {
			if !slices.Contains(told, want) {
				t.Errorf("nothing says %q: %q", want, told)
			}
		}
	})
}

// A handler that does not heed its context is stuck, and its event in hand, until
// it returns.
func TestAConsumerThatDoesNotReturnIsStuckAndItsEventStaysInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(2), half)
		deaf, first := make(chan struct{}), true
		c.Instead(func(ctx context.Context) error {
			if first {
				first = false
				<-deaf
			}
			return nil
		})
		synctest.Wait()
		c.enqueue(1)
		synctest.Wait()
		victim := "consumer-1"
		if c.law().Consumers[0].Busy == 0 {
			victim = "consumer-2"
		}
		c.kill(victim)
		c.enqueue(9)
		v := c.pass(6 * time.Second)
		if n := c.node(victim); n.State != supervise.StateStuck {
			t.Errorf("%+v", n)
		}
		if v.InHand != 1 || v.Done != 9 || v.InInboxes != 0 {
			t.Errorf("%+v", v)
		}
		close(deaf)
		v = c.pass(time.Second)
		if n := c.node(victim); n.State != supervise.StateRunning {
			t.Errorf("%+v", n)
		}
		if v.Done != 10 || v.InSystem != 0 {
			t.Errorf("%+v", v)
		}
	})
}

func TestAnErrorOfTheContextIsNoFailureAndAPanicIsOne(t *testing.T) {
	for name, of := range map[string]struct {
		end    func() error
		failed uint64
	}{
		"an error": {func() error { return errors.New("left") }, 0},
		"a panic":  {func() error { panic("left") }, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, attempts(1), half)
			first := true
			c.Instead(func(ctx context.Context) error {
				if first {
					first = false
					<-ctx.Done()
					return of.end()
				}
				return nil
			})
			synctest.Wait()
			c.enqueue(1)
			synctest.Wait()
			c.kill("consumer-1")
			v := c.pass(time.Second)
			if v.Failed != of.failed || v.Done != 1-of.failed {
				t.Errorf("%s: %+v", name, v)
			}
		})
	}
}
