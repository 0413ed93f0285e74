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
	"github.com/affluxlab/afflux/supervise"
)

func TestAPauseFinishesWhatIsInHandAndTakesInUntilTheBufferIsFull(t *testing.T) {
	for name, how := range map[string]struct {
		change  func(*part2.Settings)
		inInbox int
	}{
		"prefetch":   {all(demand(4), buffer(5)), 3},
		"lazy":       {all(lazy, buffer(5)), 0},
		"supervisor": {all(supervisor(1), buffer(5)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, how.change, half)
				synctest.Wait()
				c.enqueue(1)
				synctest.Wait()
				accepted := 1 + c.enqueue(how.inInbox+2)
				c.pass(250 * time.Millisecond)
				c.PauseHandout()
				if v := c.law(); !v.Paused || v.InHand != 1 || v.Intake != part2.Open {
					t.Errorf("%+v", v)
				}
				v := c.pass(time.Minute)
				if v.InHand != 0 || v.Done != 1 || v.InInboxes != how.inInbox || v.InBuffer != 2 || v.Forecast.State != part2.Stalled {
					t.Errorf("%+v", v)
				}
				if n := c.enqueue(10); n != 3 {
					t.Errorf("%d were accepted during the pause", n)
				}
				c.Resume()
				if v := c.law(); v.Paused {
					t.Errorf("%+v", v)
				}
				c.empty()
				c.settled(accepted + 3)
			})
		})
	}
}

func TestADrainLiftsAPauseAndIsClosedWhenNothingIsLeftUntilItResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(10)
		synctest.Wait()
		c.PauseHandout()
		c.pass(time.Second)
		c.DrainIntake()
		v := c.law()
		if v.Paused || v.Intake != part2.Draining || c.enqueue(1) != 0 {
			t.Errorf("%+v", v)
		}
		v = c.pass(4400 * time.Millisecond)
		if v.Intake != part2.Draining || v.InSystem != 1 {
			t.Errorf("%+v", v)
		}
		v = c.pass(200 * time.Millisecond)
		if v.Intake != part2.Closed || v.InSystem != 0 || c.enqueue(1) != 0 {
			t.Errorf("%+v", v)
		}
		c.wantNames(v, "consumer-1") // it is there for the next
		c.Resume()
		if v = c.law(); v.Intake != part2.Open || c.enqueue(3) != 3 {
			t.Errorf("%+v", v)
		}
		c.empty()
		c.settled(13)
	})
}

func TestWithNothingInTheSystemADrainIsClosedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.DrainIntake()
		if v := c.law(); v.Intake != part2.Closed {
			t.Errorf("%+v", v)
		}
		c.Resume()
		c.Resume()
		if v := c.law(); v.Intake != part2.Open {
			t.Errorf("%+v", v)
		}
	})
}

func TestRebalanceDealsOutAnewWhatOneConsumerHadTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(1000)
		c.pass(50 * time.Second)
		c.change(consumers(3))
		c.pass(time.Second)
		if got := inboxes(c.law()); !slices.Equal(got, []int{897, 0, 0}) {
			t.Errorf("inboxes %v", got)
		}
		c.Rebalance()
		synctest.Wait()
		v := c.law()
		// What the first had finished since it last asked does not count.
		if got := inboxes(v); v.InBuffer != 0 || v.InHand != 3 || !slices.Equal(got, []int{299, 298, 298}) {
			t.Errorf("%v: %+v", got, v)
		}
		if took := c.empty() + 51*time.Second; took != 201*time.Second {
			t.Errorf("took %v", took)
		}
		c.settled(1000)
	})
}

func TestARebalanceWithNothingDealtOutChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, how := range []func(*part2.Settings){lazy, supervisor(2), consumers(1)} {
			c := open(t, how, half)
			synctest.Wait()
			c.Rebalance()
			c.enqueue(5)
			c.Rebalance()
			c.pass(600 * time.Millisecond)
			c.Rebalance()
			c.empty()
			c.settled(5)
			c.stop()
		}
	})
}

func inboxes(v part2.View) (n []int) {
	for _, c := range v.Consumers {
		n = append(n, c.Inbox)
	}
	return n
}

func TestDrainFinishesWhatIsInTheSystemAndNodesEndWithIt(t *testing.T) {
	for name, change := range map[string]func(*part2.Settings){"prefetch": consumers(2), "lazy": all(lazy, consumers(2)), "supervisor": supervisor(2)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, change, half)
				c.fails(1, failures["an error"])
				synctest.Wait()
				c.enqueue(20)
				c.pass(50 * time.Millisecond)
				c.PauseHandout()
				c.pass(10 * time.Second)
				began := time.Now()
				if left := c.Drain(t.Context()); left != 0 {
					t.Errorf("%d left", left)
				}
				if took := time.Since(began); took != 4500*time.Millisecond && took != 5*time.Second { // 18 by two; an inbox may hold ten
					t.Errorf("took %v", took)
				}
				v := c.settled(20)
				if v.Intake != part2.Closed {
					t.Errorf("%+v", v)
				}
				synctest.Wait()
				for _, n := range c.node("part2").Children {
					if n.State == supervise.StateRunning {
						t.Errorf("%s runs", n.Name)
					}
				}
				if left := c.Drain(t.Context()); left != 0 { // a second time
					t.Errorf("%d left", left)
				}
				if err := c.stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestADrainThatIsOutOfTimeSaysHowManyAreLeft(t *testing.T) {
	for name, change := range map[string]func(*part2.Settings){"prefetch": consumers(2), "lazy": all(lazy, consumers(2)), "supervisor": supervisor(2)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, change, half)
				synctest.Wait()
				c.enqueue(20)
				ctx, cancel := context.WithTimeout(t.Context(), 1250*time.Millisecond)
				defer cancel()
				began := time.Now()
				left := c.Drain(ctx)
				if took := time.Since(began); left != 16 || took != 1250*time.Millisecond {
					t.Errorf("%d left after %v", left, took)
				}
				if v := c.law(); v.InSystem != 16 || v.Done != 4 || v.Failed != 0 {
					t.Errorf("%+v", v)
				}
				if err := c.stop(); err != nil {
					t.Error(err)
				}
				if v := c.law(); v.InHand != 0 || v.InInboxes != 0 || v.InSystem != 16 {
					t.Errorf("%+v", v)
				}
			})
		})
	}
}

func TestADrainFinishesAChangeOfKindThatIsUnderWay(t *testing.T) {
	for name, to := range map[string]func(*part2.Settings){
		"to a supervisor":         supervisor(4),
		"there and back":          func(s *part2.Settings) { s.Consumers = 4 },
		"to consumers, one fewer": all(lazy, consumers(1)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, nil, half)
				synctest.Wait()
				c.enqueue(1)
				synctest.Wait()
				c.use(func(s *resource.Settings) { s.Latency = 30 * time.Second })
				c.pass(600 * time.Millisecond)
				c.enqueue(41)
				synctest.Wait()
				c.use(func(s *resource.Settings) { s.Latency = half })
				c.change(supervisor(9))
				c.change(to)
				began := time.Now()
				if left := c.Drain(t.Context()); left != 0 {
					t.Errorf("%d left", left)
				}
				if took := time.Since(began); took < 30*time.Second || took > 51*time.Second {
					t.Errorf("took %v", took)
				}
				c.settled(42)
				if err := c.stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestADrainSurvivesKillsAndChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(consumers(2), demand(4)), half)
		synctest.Wait()
		c.enqueue(60)
		done := make(chan int)
		go func() { done <- c.Drain(context.Background()) }()
		for _, victim := range []string{"part2", "consumer-1", "producer", "mock-resource", "consumer-2", "part2"} {
			c.pass(1250 * time.Millisecond)
			c.kill(victim)
			if n := c.enqueue(1); n != 0 {
				t.Error("one was accepted")
			}
		}
		c.change(supervisor(3))
		c.pass(1250 * time.Millisecond)
		c.Resume()
		c.PauseHandout() // neither holds a drain up
		c.Reset()
		if left := <-done; left != 0 {
			t.Errorf("%d left", left)
		}
		c.settled(60)
	})
}

func TestAfterADrainSettingsAreTakenAndChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(2)
		c.Drain(t.Context())
		c.change(consumers(5))
		c.change(supervisor(5))
		c.pass(time.Second)
		for _, n := range c.node("part2").Children {
			if n.State == supervise.StateRunning {
				t.Errorf("%s runs", n.Name)
			}
		}
		c.settled(2)
	})
}

// At the very end of a drain the queue is over and a consumer has not left the tree
// yet.
func TestSettingsThatComeAtTheMomentADrainEndsAreNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p *part2.Part
		var applied error
		c := openWith(t, nil, half, part2.Options{Hook: func(e supervise.Event) {
			if _, ended := e.(supervise.Ended); ended {
				s := defaults()
				s.MaxDemand = 5
				applied = errors.Join(applied, p.Apply(s))
			}
		}})
		p = c.Part
		synctest.Wait()
		c.enqueue(2)
		c.Drain(t.Context())
		synctest.Wait()
		if applied != nil {
			t.Error(applied)
		}
	})
}

func TestADrainThatNobodyServesSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.stop()
		if n := c.enqueue(7); n != 7 { // the queue outlives its nodes
			t.Errorf("%d were accepted", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if left := c.Drain(ctx); left != 7 {
			t.Errorf("%d left", left)
		}
	})
}

func TestATreeThatIsServedAgainGoesOnWithItsQueue(t *testing.T) {
	for name, change := range map[string]func(*part2.Settings){"prefetch": all(consumers(2), demand(2)), "lazy": all(lazy, consumers(2)), "supervisor": supervisor(2)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, change, half)
				synctest.Wait()
				c.enqueue(20)
				c.pass(1250 * time.Millisecond) // 4 are done
				if err := c.stop(); err != nil {
					t.Error(err)
				}
				v := c.law()
				if v.InBuffer != 16 || v.InSystem != 16 || v.Done != 4 {
					t.Errorf("%+v", v)
				}
				c.enqueue(4)
				c.change(all(consumers(4), func(s *part2.Settings) { s.Concurrency = 4 }))
				c.pass(time.Minute)
				serve(t, c)
				// A use that comes before the resource runs is tried again 100 ms later.
				if v = c.pass(200 * time.Millisecond); v.InHand != 4 {
					t.Errorf("%+v", v)
				}
				c.empty()
				c.settled(24)
			})
		})
	}
}

func TestAKindThatChangedWhileNobodyServedIsTheOneThatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(3), half)
		synctest.Wait()
		c.enqueue(20)
		c.pass(250 * time.Millisecond)
		c.stop()
		c.change(supervisor(4))
		c.change(all(kind(part2.Consumers), consumers(1)))
		c.change(supervisor(5))
		serve(t, c)
		v := c.pass(200 * time.Millisecond)
		c.wantNames(v, "consumer-supervisor")
		if v.InHand != 5 || v.SwitchingTo != "" {
			t.Errorf("%+v", v)
		}
		c.empty()
		c.settled(20)
	})
}

// serve serves a chapter again that was stopped.
func serve(t *testing.T, c *chapter) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); c.tree.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
}

func TestTheEndOfTheGraceIsNoCrash(t *testing.T) {
	for name, change := range map[string]func(*part2.Settings){"consumers": consumers(20), "supervisor": supervisor(20)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, change, time.Hour)
				synctest.Wait()
				c.enqueue(100)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if left := c.Drain(ctx); left != 100 {
					t.Errorf("%d left", left)
				}
				synctest.Wait()
				if v := c.law(); v.InSystem != 100 || v.InHand != 0 || len(c.Tree().Snapshot().Children) != 1 {
					t.Errorf("%+v", v)
				}
				for _, n := range append(c.Tree().Snapshot().Children, c.Tree().Snapshot()) {
					if n.Restarts > 0 || n.LastError != "" || n.State == supervise.StateFailed {
						t.Errorf("%s is %s, restarted %d times: %s", n.Name, n.State, n.Restarts, n.LastError)
					}
				}
			})
		})
	}
}
