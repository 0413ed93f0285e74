package part2_test

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
)

func TestAnEventTellsWhereItsTimeWent(t *testing.T) {
	when := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for name, how := range map[string]func(*part2.Settings){"prefetch": nil, "lazy": lazy, "supervisor": supervisor(1)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				c := openWith(t, how, half, part2.Options{Now: func() time.Time { return when.Add(time.Since(began)) }})
				synctest.Wait()
				for range 3 {
					c.enqueue(1)
					c.pass(100 * time.Millisecond)
				}
				if got := c.Take(); got != nil {
					t.Errorf("%+v", got)
				}
				c.empty()
				c.pass(time.Second)
				got := c.Take()
				at := float64(when.UnixMilli())
				want := []part2.Event{
					{Seq: 1, At: at, Depth: 0, LatencyMS: 500},
					{Seq: 2, At: at + 100, Depth: 1, LatencyMS: 900},
					{Seq: 3, At: at + 200, Depth: 2, LatencyMS: 1300},
				}
				for i := range want {
					w := &want[i]
					w.Part, w.Consumer, w.Attempt, w.ServiceMS, w.Outcome, w.Weight = "part2", "consumer-1", 1, 500, part2.Done, 1
					switch name {
					case "prefetch":
						w.InboxWaitMS = w.LatencyMS - 500
					case "supervisor":
						w.Consumer = "consumer-supervisor"
						fallthrough
					default:
						w.BufferWaitMS = w.LatencyMS - 500
					}
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("\n got %+v\nwant %+v", got, want)
				}
				if got := c.Take(); got != nil {
					t.Errorf("told twice: %+v", got)
				}
			})
		})
	}
}

// The latencies that are published are those of the books: each the sum of its parts,
// and their mean the mean.
func TestWhatIsPublishedAgreesWithTheBooks(t *testing.T) {
	for name, how := range map[string]func(*part2.Settings){"prefetch": all(consumers(3), demand(5)), "lazy": all(lazy, consumers(3)), "supervisor": supervisor(3)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, how, half)
				c.use(func(s *resource.Settings) { s.Distribution = resource.Exponential })
				synctest.Wait()
				c.enqueue(400)
				var evs []part2.Event
				for c.InSystem() > 0 {
					time.Sleep(time.Second)
					synctest.Wait()
					evs = append(evs, c.Take()...)
				}
				v := c.settled(400)
				seen := map[uint64]bool{}
				var latency, buffer, inbox, service float64
				for _, e := range evs {
					if sum := e.BufferWaitMS + e.InboxWaitMS + e.ServiceMS; math.Abs(sum-e.LatencyMS) > 0.003 {
						t.Errorf("%v is no %v: %+v", sum, e.LatencyMS, e)
					}
					if e.Seq < 1 || e.Seq > 400 || seen[e.Seq] || e.Weight != 1 || e.Attempt != 1 {
						t.Errorf("%+v", e)
					}
					seen[e.Seq] = true
					if e.Depth != int(e.Seq-1) { // they came all at once
						t.Errorf("%+v", e)
					}
					latency += e.LatencyMS
					buffer += e.BufferWaitMS
					inbox += e.InboxWaitMS
					service += e.ServiceMS
				}
				if len(evs) != 400 {
					t.Errorf("%d were told", len(evs))
				}
				for what, pair := range map[string][2]float64{
					"latency": {latency, v.LatencyMS.Sum}, "buffer": {buffer, v.BufferWaitMS.Sum},
					"inbox": {inbox, v.InboxWaitMS.Sum}, "service": {service, v.ServiceMS.Sum},
				} {
					if math.Abs(pair[0]-pair[1]) > 1 { // each is told to the microsecond
						t.Errorf("%s: told %v ms, in the books %v", what, pair[0], pair[1])
					}
				}
			})
		})
	}
}

func TestOfManyEventsAFairChoiceIsToldAndStandsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, supervisor(1000), half)
		synctest.Wait()
		c.enqueue(1000)
		c.pass(time.Second)
		evs := c.Take()
		if len(evs) != part2.MostEvents {
			t.Fatalf("%d were told", len(evs))
		}
		for _, e := range evs {
			if e.Weight != 20 {
				t.Errorf("%+v", e)
			}
		}
		c.enqueue(30)
		c.pass(time.Second)
		if evs = c.Take(); len(evs) != 30 || evs[0].Weight != 1 {
			t.Errorf("%d were told: %+v", len(evs), evs)
		}
	})
}

func TestSeqGoesOnAfterAResetAndARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(2)
		c.empty()
		c.Reset()
		c.enqueue(2)
		c.kill("part2")
		c.empty()
		if got := c.seqs(); !slices.Equal(got, []int{1, 2, 3, 4}) {
			t.Errorf("%v", got)
		}
	})
}

// An event that was begun twice tells of its last use alone; what came before is
// a wait.
func TestAnEventThatRanAgainIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(1)
		c.pass(400 * time.Millisecond)
		c.kill("consumer-1")
		c.empty()
		evs := c.Take()
		if len(evs) != 1 || evs[0].LatencyMS != 900 || evs[0].ServiceMS != 500 || evs[0].BufferWaitMS != 400 || evs[0].Attempt != 1 {
			t.Errorf("%+v", evs)
		}
	})
}
