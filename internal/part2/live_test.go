package part2_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
)

func TestConsumersComeAndGoWhileEventsAreInHand(t *testing.T) {
	for name, how := range map[string]func(*part2.Settings){"lazy": lazy, "one at a time": demand(1), "prefetch": demand(4)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, how, half)
				synctest.Wait()
				c.enqueue(60)
				c.wantNames(c.pass(1250*time.Millisecond), "consumer-1") // 2 are done
				c.change(consumers(3))
				synctest.Wait()
				v := c.law()
				c.wantNames(v, "consumer-1", "consumer-2", "consumer-3")
				if v.InHand != 3 {
					t.Errorf("%d in hand", v.InHand)
				}
				c.pass(time.Second) // to 2.25: the third and fourth of consumer-1, two of each other
				c.change(consumers(1))
				v = c.law() // at once, without waiting
				c.wantNames(v, "consumer-1", "(consumer-2)", "(consumer-3)")
				for _, leaving := range v.Consumers[1:] {
					if leaving.Busy != 1 || leaving.Inbox != 0 || leaving.PendingDemand != 0 {
						t.Errorf("%+v", leaving)
					}
				}
				c.pass(100 * time.Millisecond)
				c.change(consumers(3)) // while two still leave under these names
				c.wantNames(c.law(), "consumer-1", "(consumer-2)", "(consumer-3)")
				v = c.pass(500 * time.Millisecond)
				c.wantNames(v, "consumer-1", "consumer-2", "consumer-3")
				if v.Consumers[1].Busy != 1 || v.Consumers[1].Done != 0 { // it is a new one
					t.Errorf("%+v", v.Consumers[1])
				}
				c.change(consumers(1))
				c.pass(time.Second)
				c.wantNames(c.law(), "consumer-1")
				if n := c.node("consumer-2"); n.Name != "" {
					t.Errorf("it is still in the tree: %+v", n)
				}
				c.empty()
				c.settled(60)
			})
		})
	}
}

func TestAConsumerThatLeavesSendsItsInboxBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(3), half)
		synctest.Wait()
		c.enqueue(900)
		synctest.Wait()
		c.change(consumers(1))
		v := c.law() // consumer-1 had asked for 1,000, so it is given all
		if v.InBuffer != 0 || v.InInboxes != 897 || v.InHand != 3 || v.Consumers[0].Inbox != 897 {
			t.Errorf("%+v", v)
		}
		c.change(all(consumers(1), demand(100)))
		c.PauseHandout()
		c.change(consumers(5))
		c.change(consumers(2))
		c.Rebalance() // paused: all that is dealt out waits in the buffer
		if v = c.law(); v.InBuffer != 897 || v.InInboxes != 0 {
			t.Errorf("%+v", v)
		}
		c.Resume()
		c.empty()
		c.settled(900)
	})
}

func TestAnInboxThatReturnsKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(consumers(3), demand(5)), half)
		synctest.Wait()
		c.enqueue(30)
		synctest.Wait()
		c.change(all(consumers(1), lazy)) // the inbox of consumer-1 stays
		c.pass(600 * time.Millisecond)
		c.change(supervisor(1))
		c.empty()
		seqs := c.seqs()
		// Three were in hand at first, one more when the kind changed; the rest is in order.
		if rest := seqs[4:]; !slices.IsSorted(rest) || len(seqs) != 30 {
			t.Errorf("%v", seqs)
		}
		c.settled(30)
	})
}

func TestTheKindChangesWhenWhatIsInHandIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(consumers(2), demand(2)), half)
		synctest.Wait()
		c.enqueue(100)
		c.pass(1250 * time.Millisecond) // 4 are done
		began := time.Now()
		c.change(supervisor(5))
		v := c.law()
		if time.Since(began) != 0 {
			t.Error("it waited")
		}
		if v.Kind != part2.Consumers || v.SwitchingTo != part2.Supervisor || v.InHand != 2 || v.InInboxes != 0 || v.InBuffer != 94 {
			t.Errorf("%+v", v)
		}
		c.wantNames(v, "(consumer-1)", "(consumer-2)")
		v = c.pass(300 * time.Millisecond) // 1.55: these two are done
		if v.Kind != part2.Supervisor || v.SwitchingTo != "" || v.InHand != 5 || v.Consumers[0].Busy != 5 {
			t.Errorf("%+v", v)
		}
		c.wantNames(v, "consumer-supervisor")
		c.change(all(kind(part2.Consumers), consumers(3)))
		v = c.law()
		if v.Kind != part2.Supervisor || v.SwitchingTo != part2.Consumers || v.InHand != 5 {
			t.Errorf("%+v", v)
		}
		c.wantNames(v, "(consumer-supervisor)")
		v = c.pass(500 * time.Millisecond)
		if v.Kind != part2.Consumers || v.SwitchingTo != "" || v.InHand != 3 {
			t.Errorf("%+v", v)
		}
		c.wantNames(v, "consumer-1", "consumer-2", "consumer-3")
		c.empty()
		c.settled(100)
	})
}

func TestASecondChangeOfKindReplacesTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(2), half)
		synctest.Wait()
		c.enqueue(100)
		c.pass(250 * time.Millisecond)
		c.change(supervisor(5))
		c.change(all(kind(part2.Consumers), consumers(3)))
		v := c.law()
		if v.Kind != part2.Consumers || v.SwitchingTo != "" {
			t.Errorf("%+v", v)
		}
		c.wantNames(v, "(consumer-1)", "(consumer-2)", "consumer-3") // the third had never to leave
		c.change(supervisor(4))
		c.change(supervisor(6))
		v = c.law()
		if v.Kind != part2.Consumers || v.SwitchingTo != part2.Supervisor {
			t.Errorf("%+v", v)
		}
		if v = c.pass(600 * time.Millisecond); v.Kind != part2.Supervisor || v.InHand != 6 {
			t.Errorf("%+v", v)
		}
		c.change(kind(part2.Consumers))
		c.change(supervisor(2)) // back to what is leaving: it leaves, and another comes
		v = c.law()
		c.wantNames(v, "(consumer-supervisor)")
		if v.SwitchingTo != "" || v.InHand != 6 {
			t.Errorf("%+v", v)
		}
		v = c.pass(500 * time.Millisecond)
		c.wantNames(v, "consumer-supervisor")
		if v.InHand != 2 {
			t.Errorf("%+v", v)
		}
		c.empty()
		c.settled(100)
	})
}

// The old nodes have long work in hand, and the new kind waits for all of it.
func TestANewKindWaitsForTheLastOfTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(2), half)
		synctest.Wait()
		c.enqueue(1)
		synctest.Wait()
		c.use(func(s *resource.Settings) { s.Latency = time.Minute })
		c.enqueue(9)
		synctest.Wait()
		c.use(func(s *resource.Settings) { s.Latency = half })
		c.change(supervisor(3))
		v := c.pass(59 * time.Second)
		if v.InHand != 1 || v.InBuffer != 8 || v.SwitchingTo != part2.Supervisor || len(v.Consumers) != 1 {
			t.Errorf("%+v", v)
		}
		v = c.pass(1100 * time.Millisecond)
		if v.InHand != 3 || v.Kind != part2.Supervisor {
			t.Errorf("%+v", v)
		}
		c.empty()
		c.settled(10)
	})
}

func TestConcurrencyChangesAtOnceAndEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, supervisor(2), half)
		synctest.Wait()
		c.enqueue(60)
		for _, step := range []struct{ set, now, later int }{{6, 6, 6}, {2, 6, 2}, {10, 10, 10}, {1, 10, 1}, {3, 3, 3}} {
			c.pass(250 * time.Millisecond)
			c.change(supervisor(step.set))
			synctest.Wait()
			if v := c.law(); v.InHand != step.now {
				t.Errorf("concurrency %d: %d in hand at once", step.set, v.InHand)
			}
			c.wantNames(c.law(), "consumer-supervisor")
			if v := c.pass(500 * time.Millisecond); v.InHand != step.later {
				t.Errorf("concurrency %d: %d in hand later", step.set, v.InHand)
			}
		}
		c.empty()
		c.settled(60)
	})
}

func TestRefillStartsEventsInGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(supervisor(4), refill(4)), half)
		synctest.Wait()
		for range 4 { // these end 100 ms apart
			c.enqueue(1)
			c.pass(100 * time.Millisecond)
		}
		c.enqueue(20)
		inHand := func(after time.Duration, want int) {
			t.Helper()
			if v := c.pass(after); v.InHand != want {
				t.Errorf("%d in hand, want %d", v.InHand, want)
			}
		}
		inHand(110*time.Millisecond, 3) // 0.51 s: one is done, and no other begun
		inHand(100*time.Millisecond, 2)
		c.change(refill(2))
		inHand(0, 4)
		c.change(refill(1))
		inHand(100*time.Millisecond, 4)
		c.change(all(supervisor(3), refill(100))) // in force: 3
		c.empty()
		c.settled(24)
	})
}

func TestAHandoutChangeLeavesInboxesWhereTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(100)
		c.pass(250 * time.Millisecond)
		c.change(all(lazy, consumers(3)))
		synctest.Wait()
		v := c.law()
		if v.InInboxes != 99 || v.InHand != 1 || v.Consumers[0].Inbox != 99 || v.Consumers[0].PendingDemand != 0 {
			t.Errorf("%+v", v)
		}
		c.enqueue(10)
		synctest.Wait()
		if v = c.law(); v.InBuffer != 8 || v.InHand != 3 || v.InInboxes != 99 { // the new ones are for who is free
			t.Errorf("%+v", v)
		}
		c.pass(half)
		c.change(func(s *part2.Settings) { s.Handout, s.MaxDemand = part2.Prefetch, 4 })
		synctest.Wait()
		v = c.law()
		if v.Consumers[0].Inbox != 98 || v.Consumers[1].Inbox != 3 || v.Consumers[2].Inbox != 2 && v.Consumers[2].Inbox != 3 {
			t.Errorf("%+v", v.Consumers)
		}
		c.empty()
		c.settled(110)
	})
}

func TestADemandChangeLeavesTheInboxAndCountsFromThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(500)
		c.pass(250 * time.Millisecond)
		consumer := func(inbox, pending, inBuffer int) {
			t.Helper()
			synctest.Wait()
			v := c.law()
			if one := v.Consumers[0]; one.Inbox != inbox || one.PendingDemand != pending || v.InBuffer != inBuffer {
				t.Errorf("inbox %d, asked for %d, in the buffer %d; want %d, %d, %d", one.Inbox, one.PendingDemand, v.InBuffer, inbox, pending, inBuffer)
			}
		}
		consumer(499, 500, 0)
		c.change(demand(10)) // what it had asked for is withdrawn
		consumer(499, 0, 0)
		c.enqueue(100)
		consumer(499, 0, 100)
		c.change(demand(550)) // 50 more than are unfinished: it does not ask before 275
		c.pass(100 * half)    // 100 are done
		consumer(399, 0, 100)
		c.pass(124 * half)
		consumer(275, 0, 100)
		c.pass(half) // 275 are unfinished
		consumer(374, 175, 0)
		if v := c.law(); v.MaxDemand != 550 || v.MinDemand != 275 {
			t.Errorf("%d, %d", v.MaxDemand, v.MinDemand)
		}
		c.change(func(s *part2.Settings) { s.MinDemand = 549 }) // and all the way up again
		consumer(374, 175, 0)
		c.pass(half)
		consumer(373, 176, 0)
		c.change(func(s *part2.Settings) { s.MaxDemand, s.MinDemand = 1, 0 })
		consumer(373, 0, 0)
		c.change(func(s *part2.Settings) { s.MaxDemand, s.MinDemand = 1000, -1 })
		consumer(373, 626, 0)
		c.empty()
		c.settled(600)
	})
}

func TestAChangeOfAttemptsCountsFromTheNextFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, attempts(2), half)
		c.Instead(func(context.Context) error { return errors.New("no") })
		synctest.Wait()
		c.enqueue(3)
		synctest.Wait()
		if v := c.law(); v.Retrying != 3 {
			t.Errorf("%+v", v)
		}
		c.change(attempts(4))
		if v := c.pass(600 * time.Millisecond); v.Retrying != 3 || v.Failed != 0 { // tried at 0, 0.1 and 0.3 s
			t.Errorf("%+v", v)
		}
		c.change(attempts(100))
		if v := c.pass(2400 * time.Millisecond); v.Retrying != 3 || v.Failed != 0 { // 0.7 and 1.5
			t.Errorf("%+v", v)
		}
		c.change(attempts(1))
		if v := c.pass(200 * time.Millisecond); v.Failed != 3 || v.InSystem != 0 { // 3.1
			t.Errorf("%+v", v)
		}
	})
}

func TestSettingsThatAreWrongChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(2), half)
		synctest.Wait()
		c.enqueue(10)
		for name, wrong := range map[string]func(*part2.Settings){
			"kind":               kind("other"),
			"no consumers":       consumers(0),
			"too many consumers": consumers(1001),
			"no concurrency":     supervisor(0),
			"much concurrency":   supervisor(100_001),
			"no refill":          refill(0),
			"handout":            func(s *part2.Settings) { s.Handout = "other" },
			"no demand":          demand(0),
			"much demand":        demand(1_000_001),
			"min is max":         func(s *part2.Settings) { s.MaxDemand, s.MinDemand = 10, 10 },
			"no buffer":          buffer(0),
			"large buffer":       buffer(10_000_001),
			"overflow":           func(s *part2.Settings) { s.Overflow = "other" },
			"no attempts":        attempts(0),
			"many attempts":      attempts(101),
		} {
			s := c.settings
			s.Consumers = 5 // is not applied either
			wrong(&s)
			if err := c.Apply(s); err == nil {
				t.Errorf("%s: no error", name)
			}
			if c.Snapshot().Settings != c.settings {
				t.Errorf("%s: changed", name)
			}
			if _, err := part2.New(c.mock, s, part2.Options{}); err == nil {
				t.Errorf("%s: New took it", name)
			}
		}
		c.wantNames(c.law(), "consumer-1", "consumer-2")
		c.empty()
		c.settled(10)
	})
}

func TestTheBoundsThemselvesAreAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(100)
		for _, s := range []part2.Settings{
			{part2.Consumers, 1000, 1, 1, part2.Prefetch, 1, 0, 1, part2.DropNewest, 1},
			{part2.Consumers, 1000, 1, 1, part2.Prefetch, 1_000_000, 999_999, 10_000_000, part2.DropOldest, 100},
			{part2.Supervisor, 1, 100_000, 100_000, part2.Lazy, 1_000_000, -1, 10_000_000, part2.Reject, 100},
			{part2.Supervisor, 1, 1, 100_000, part2.Lazy, 1, 0, 1, part2.Reject, 1},
			{part2.Consumers, 1, 1, 1, part2.Lazy, 1, 0, 1, part2.Reject, 1},
		} {
			if err := c.Apply(s); err != nil {
				t.Errorf("%+v: %v", s, err)
			}
			c.pass(700 * time.Millisecond)
		}
		c.empty()
		c.settled(100)
	})
}

func refill(n int) func(*part2.Settings)      { return func(s *part2.Settings) { s.Refill = n } }
func attempts(n int) func(*part2.Settings)    { return func(s *part2.Settings) { s.Attempts = n } }
func kind(k part2.Kind) func(*part2.Settings) { return func(s *part2.Settings) { s.Kind = k } }
