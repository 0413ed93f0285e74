package part2_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
)

func TestEachRouteEnqueuesOneEventAndAnswersOKAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		began := time.Now()
		routes := []string{"GET /part2/genstage", "POST /part2/genstage", "GET /part2/async", "POST /part2/async"}
		if len(c.routes) != len(routes) {
			t.Errorf("routes %v", c.routes)
		}
		for i, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			w := c.request(method, path)
			if w.Code != 200 || w.Body.String() != "OK" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || w.Header().Get("Retry-After") != "" {
				t.Errorf("%s: %d %q %v", route, w.Code, w.Body, w.Header())
			}
			if v := c.law(); v.Enqueued != uint64(i+1) {
				t.Errorf("%s enqueued %d", route, v.Enqueued)
			}
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("the answers took %v", d)
		}
		c.empty()
		c.settled(4)
	})
}

func TestAFullBufferRefusesInWordsThatDependOnItsSizeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(lazy, buffer(3)), half)
		synctest.Wait()
		c.enqueue(1)
		synctest.Wait() // that one is in hand
		if n := c.enqueue(20); n != 3 {
			t.Errorf("%d were accepted beside the one in hand", n)
		}
		refused := func(want string) {
			t.Helper()
			if w := c.request("POST", "/part2/async"); w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.Body.String() != want {
				t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
			}
		}
		refused("the buffer is full: 3 events may wait")
		c.pass(600 * time.Millisecond)
		c.enqueue(1)
		refused("the buffer is full: 3 events may wait")
		c.change(buffer(2))
		refused("the buffer is full: 2 events may wait")
		if v := c.law(); v.Enqueued != 5 || v.Rejected != 20 || v.Dropped != 0 {
			t.Errorf("%+v", v)
		}
		c.empty()
		c.settled(5)
	})
}

func TestDrainingAndStoppingRefuseInWordsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(2)
		refused := func(want string) {
			t.Helper()
			if w := c.request("GET", "/part2/genstage"); w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.Body.String() != want {
				t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
			}
		}
		c.DrainIntake()
		refused("part 2 takes no events until it is resumed: it drains, or has drained")
		c.empty()
		refused("part 2 takes no events until it is resumed: it drains, or has drained")
		c.Resume()
		c.enqueue(1)
		if left := c.Drain(t.Context()); left != 0 {
			t.Errorf("%d left", left)
		}
		refused("part 2 is stopping")
		c.Resume() // is too late
		refused("part 2 is stopping")
		if v := c.law(); v.Rejected != 4 || v.Enqueued != 3 || v.Intake != part2.Closed {
			t.Errorf("%+v", v)
		}
	})
}

func TestAQueueThatDropsAnswersOKAndCountsWhatItDropped(t *testing.T) {
	for overflow, done := range map[part2.Overflow][]int{
		part2.DropOldest: {1, 9, 10, 11},
		part2.DropNewest: {1, 2, 3, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, all(lazy, buffer(3), func(s *part2.Settings) { s.Overflow = overflow }), half)
			synctest.Wait()
			c.enqueue(1)
			synctest.Wait()
			if n := c.enqueue(10); n != 10 {
				t.Errorf("%s: %d were answered OK", overflow, n)
			}
			if v := c.law(); v.Enqueued != 11 || v.Dropped != 7 || v.Rejected != 0 || v.InBuffer != 3 {
				t.Errorf("%s: %+v", overflow, v)
			}
			c.empty()
			if got := c.seqs(); !slices.Equal(got, done) {
				t.Errorf("%s: %v were done, want %v", overflow, got, done)
			}
			if v := c.law(); v.Done != 4 || v.Dropped != 7 {
				t.Errorf("%s: %+v", overflow, v)
			}
		})
	}
}

func TestAnEventToBeRetriedIsNeverDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(lazy, buffer(2), func(s *part2.Settings) { s.Overflow = part2.DropOldest }), half)
		var calls atomic.Int32
		c.Instead(func(context.Context) error {
			if calls.Add(1) <= 2 {
				return errors.New("no")
			}
			return nil
		})
		synctest.Wait()
		c.enqueue(2)
		synctest.Wait()
		if v := c.law(); v.Retrying != 2 {
			t.Fatalf("%+v", v)
		}
		c.enqueue(3) // nothing waits that could be dropped, so each is dropped itself
		if v := c.law(); v.Retrying != 2 || v.Dropped != 3 || v.InBuffer != 0 {
			t.Errorf("%+v", v)
		}
		c.empty()
		if got := c.seqs(); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("%v were done", got)
		}
	})
}

func TestTheBufferBoundsWaitingAndRetryingTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(lazy, buffer(5)), half)
		var calls atomic.Int32
		c.Instead(func(context.Context) error {
			if calls.Add(1) <= 3 {
				return errors.New("no")
			}
			return nil
		})
		synctest.Wait()
		c.enqueue(3)
		synctest.Wait()
		c.PauseHandout()
		if n := c.enqueue(10); n != 2 {
			t.Errorf("%d were accepted beside 3 to be retried", n)
		}
		if v := c.law(); v.Retrying != 3 || v.InBuffer != 2 {
			t.Errorf("%+v", v)
		}
		if v := c.pass(time.Second); v.Retrying != 0 || v.InBuffer != 5 { // due, and waiting again
			t.Errorf("%+v", v)
		}
		if n := c.enqueue(1); n != 0 {
			t.Error("a sixth was accepted")
		}
		c.Resume()
		c.empty()
		if v := c.law(); v.Done != 5 || v.Failed != 0 {
			t.Errorf("%+v", v)
		}
	})
}

func TestWhatComesBackIsNeverRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, all(consumers(2), demand(10), buffer(1)), half)
		synctest.Wait()
		if n := c.enqueue(30); n != 21 { // two inboxes of ten, and one in the buffer
			t.Fatalf("%d were accepted", n)
		}
		synctest.Wait()
		c.change(consumers(1))
		v := c.law() // nine of consumer-2's came back to the one that waits
		if v.InBuffer != 10 || v.InInboxes != 9 || v.InHand != 2 {
			t.Errorf("%+v", v)
		}
		c.empty()
		c.settled(21)
	})
}

func TestASmallerBufferDropsNothing(t *testing.T) {
	for _, overflow := range []part2.Overflow{part2.Reject, part2.DropOldest, part2.DropNewest} {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, all(lazy, func(s *part2.Settings) { s.Overflow = overflow }), half)
			synctest.Wait()
			c.PauseHandout()
			c.enqueue(10)
			c.change(buffer(3))
			if v := c.law(); v.InBuffer != 10 || v.Dropped != 0 {
				t.Errorf("%s: %+v", overflow, v)
			}
			if overflow == part2.Reject {
				if n := c.enqueue(1); n != 0 {
					t.Error("one more was accepted")
				}
			}
			c.Resume()
			c.pass(4100 * time.Millisecond) // 8 are done, one is in hand
			if n := c.enqueue(3); n < 2 {
				t.Errorf("%s: with one waiting %d of 3 were accepted", overflow, n)
			}
			c.change(buffer(100))
			c.enqueue(20)
			c.empty()
			c.law()
		})
	}
}

// This one runs in real time, for the race detector.
func TestEveryRequestThatWasAnsweredOKIsInTheBooks(t *testing.T) {
	for name, change := range map[string]func(*part2.Settings){
		"consumers, prefetch": all(consumers(3), buffer(50)),
		"consumers, lazy":     all(consumers(3), lazy, buffer(50)),
		"supervisor":          all(supervisor(8), buffer(50)),
		"drops the oldest":    all(supervisor(2), buffer(5), func(s *part2.Settings) { s.Overflow = part2.DropOldest }),
		"drops the newest":    all(supervisor(2), buffer(5), func(s *part2.Settings) { s.Overflow = part2.DropNewest }),
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, change, 0)
			var oks, refused atomic.Uint64
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() {
					for range 500 {
						if w := c.request("GET", "/part2/genstage"); w.Code == 200 {
							oks.Add(1)
						} else {
							refused.Add(1)
						}
					}
				})
			}
			clients.Wait()
			if left := c.Drain(t.Context()); left != 0 {
				t.Errorf("%d left", left)
			}
			v := c.law()
			if v.Enqueued != oks.Load() || v.Rejected != refused.Load() || v.Failed != 0 || v.InSystem != 0 {
				t.Errorf("%d OK, %d refused: %+v", oks.Load(), refused.Load(), v)
			}
		})
	}
}

// all makes several changes at once.
func all(changes ...func(*part2.Settings)) func(*part2.Settings) {
	return func(s *part2.Settings) {
		for _, change := range changes {
			change(s)
		}
	}
}

func buffer(n int) func(*part2.Settings) { return func(s *part2.Settings) { s.Buffer = n } }
