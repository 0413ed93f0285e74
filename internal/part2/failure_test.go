package part2_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
)

// fails has the first n uses end in a way, and notes when each began. What it
// returns may be read when nothing goes on.
func (c *chapter) fails(n int, how func() error) (at *[]time.Duration) {
	at = new([]time.Duration)
	began, mu := time.Now(), sync.Mutex{}
	c.Instead(func(ctx context.Context) error {
		mu.Lock()
		*at = append(*at, time.Since(began))
		fails := len(*at) <= n
		mu.Unlock()
		if fails {
			return how()
		}
		return c.mock.Caller(part2.Caller).Use(ctx)
	})
	return at
}

// failSome has so many of a hundred uses fail, by chance, before they begin.
func (c *chapter) failSome(percent *atomic.Int64) {
	c.Instead(func(ctx context.Context) error {
		if rand.Int64N(100) < percent.Load() {
			return failures[[...]string{"an error", "a panic"}[rand.IntN(2)]]()
		}
		return c.mock.Caller(part2.Caller).Use(ctx)
	})
}

func ms(all ...int) (d []time.Duration) {
	for _, n := range all {
		d = append(d, time.Duration(n)*time.Millisecond)
	}
	return d
}

var failures = map[string]func() error{
	"an error":                 func() error { return errors.New("no") },
	"a panic":                  func() error { panic("no") },
	"the end of the goroutine": func() error { runtime.Goexit(); return nil },
}

func TestAUseThatFailsIsRepeatedAfterPausesThatDoubleUntilAttemptsAreSpent(t *testing.T) {
	for name, how := range failures {
		for kindName, k := range map[string]func(*part2.Settings){"consumer": consumers(1), "supervisor": supervisor(3)} {
			t.Run(name+" in a "+kindName, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := open(t, k, half)
					at := c.fails(1000, how)
					synctest.Wait()
					c.enqueue(1)
					v := c.pass(1450 * time.Millisecond)
					if v.Retrying != 1 || v.InSystem != 1 || v.Failed != 0 {
						t.Errorf("%+v", v)
					}
					v = c.pass(10 * time.Second)
					if want := ms(0, 100, 300, 700, 1500); !slices.Equal(*at, want) {
						t.Errorf("used at %v, want %v", *at, want)
					}
					if v.Failed != 1 || v.Done != 0 || v.InSystem != 0 {
						t.Errorf("%+v", v)
					}
					if total := c.Snapshot().Total; total.Retried != 4 || total.Failed != 1 {
						t.Errorf("%+v", total)
					}
					evs := c.Take()
					if len(evs) != 1 || evs[0].Outcome != part2.Failed || evs[0].Attempt != 5 || evs[0].LatencyMS != 1500 {
						t.Errorf("%+v", evs)
					}
				})
			})
		}
	}
}

func TestThePauseIsTenSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, attempts(11), half)
		at := c.fails(1000, failures["an error"])
		synctest.Wait()
		c.enqueue(1)
		c.empty()
		if want := ms(0, 100, 300, 700, 1500, 3100, 6300, 12700, 22700, 32700, 42700); !slices.Equal(*at, want) {
			t.Errorf("used at %v, want %v", *at, want)
		}
	})
}

func TestAnEventThatSucceedsAtLastIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		c.fails(4, failures["an error"])
		synctest.Wait()
		c.enqueue(1)
		if took := c.empty(); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		c.settled(1)
		e := c.Take()[0]
		if e.Outcome != part2.Done || e.Attempt != 5 || e.LatencyMS != 2000 || e.ServiceMS != 500 || e.BufferWaitMS != 1500 {
			t.Errorf("%+v", e)
		}
	})
}

func TestARetryTakesItsOldPlaceAndHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, how := range []func(*part2.Settings){lazy, demand(1)} {
			c := open(t, how, half)
			c.fails(1, failures["a panic"])
			synctest.Wait()
			c.enqueue(4)
			if took := c.empty(); took != 2*time.Second {
				t.Errorf("took %v", took)
			}
			if got := c.seqs(); !slices.Equal(got, []int{2, 1, 3, 4}) {
				t.Errorf("done in the order %v", got)
			}
			c.stop()
		}
	})
}

func TestAnAttemptIsSpentByTheUseAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(attempts(1), supervisor(3)), half)
		c.use(func(s *resource.Settings) { s.Limit = 1 })
		synctest.Wait()
		c.enqueue(3) // one finds room
		c.pass(250 * time.Millisecond)
		c.kill("mock-resource")
		if u := c.uses(); u.Failed == 0 {
			t.Errorf("no use was ended: %+v", u)
		}
		c.pass(100 * time.Millisecond)
		c.kill("consumer-supervisor")
		c.empty()
		c.settled(3)
		for _, e := range c.Take() {
			if e.Attempt != 1 || e.Outcome != part2.Done {
				t.Errorf("%+v", e)
			}
		}
		if u := c.uses(); u.Rejected == 0 || u.Failed < 2 {
			t.Errorf("%+v", u)
		}
	})
}

func TestAFullResourceIsTriedAgainWithTheSamePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, attempts(1), half)
		c.use(func(s *resource.Settings) { s.Limit = 1 })
		at := c.fails(0, nil)
		synctest.Wait()
		place, err := c.mock.Caller("serial").Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.enqueue(1)
		v := c.pass(25 * time.Second)
		if v.Retrying != 1 || v.Failed != 0 {
			t.Errorf("%+v", v)
		}
		place.Leave()
		c.empty()
		if want := ms(0, 100, 300, 700, 1500, 3100, 6300, 12700, 22700, 32700); !slices.Equal(*at, want) {
			t.Errorf("used at %v, want %v", *at, want)
		}
		c.settled(1)
		if u := c.uses(); u.Rejected != 9 {
			t.Errorf("%+v", u)
		}
	})
}

func TestWithALimitThatRejectsEverythingIsDoneAtLast(t *testing.T) {
	for name, k := range map[string]func(*part2.Settings){"consumers": consumers(5), "lazy": all(lazy, consumers(5)), "supervisor": supervisor(5)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, all(k, attempts(1)), half)
				c.use(func(s *resource.Settings) { s.Limit = 2 })
				synctest.Wait()
				c.enqueue(40)
				c.pass(20 * time.Second)
				c.empty()
				c.settled(40)
				if u := c.uses(); u.Peak != 2 || u.Rejected == 0 {
					t.Errorf("%+v", u)
				}
			})
		})
	}
}

func TestWithALimitThatLetsWaitEventsWaitInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, supervisor(5), half)
		c.use(func(s *resource.Settings) { s.Limit, s.OnFull = 2, resource.Wait })
		synctest.Wait()
		c.enqueue(40)
		v := c.pass(250 * time.Millisecond)
		if u := c.mock.Snapshot().Caller(part2.Caller).Now; v.InHand != 5 || u.InFlight != 2 || u.Waiting != 3 {
			t.Errorf("%d in hand, %+v", v.InHand, u)
		}
		if took := c.empty(); took != 9750*time.Millisecond { // 4 a second
			t.Errorf("took %v", took)
		}
		c.settled(40)
	})
}

func TestALineThatIsFullTooSpendsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(supervisor(8), attempts(1)), half)
		c.use(func(s *resource.Settings) { s.Limit, s.OnFull, s.MaxWaiting = 1, resource.Wait, 2 })
		synctest.Wait()
		c.enqueue(20)
		c.empty()
		c.settled(20)
	})
}

func TestARestartOfTheResourceReachesThoseInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(supervisor(5), attempts(1)), half)
		c.use(func(s *resource.Settings) { s.Limit, s.OnFull = 2, resource.Wait })
		synctest.Wait()
		c.enqueue(10)
		c.pass(250 * time.Millisecond)
		c.kill("mock-resource")
		// Others of the ten have taken their place; some of these may have come too soon.
		if v, u := c.law(), c.uses(); v.Retrying < 5 || v.Retrying+v.InHand != 10 || u.Failed != 2 || u.Abandoned != 3 {
			t.Errorf("%+v, %+v", v, u)
		}
		c.empty()
		c.settled(10)
	})
}
