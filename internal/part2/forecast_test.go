package part2_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
)

func TestABacklogIsForecastWithinOnePercentFromTheFirstSecondOn(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*part2.Settings)
		rate   float64
	}{
		"one consumer":     {nil, 2},
		"three consumers":  {consumers(3), 6},
		"a supervisor":     {supervisor(10), 20},
		"one at a time":    {demand(1), 2},
		"lazy consumers":   {all(lazy, consumers(5)), 10},
		"fifty, all alike": {supervisor(50), 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := open(t, c.change, half)
				synctest.Wait()
				ch.enqueue(1000)
				began, all := time.Now(), 1000/c.rate
				ch.pass(1150 * time.Millisecond) // a second, and until the rate of what comes is that of a whole one without
				for ; time.Since(began).Seconds() < 0.9*all; ch.pass(time.Duration(all/50*1e9) + 7*time.Millisecond) {
					v := ch.law()
					left := all - time.Since(began).Seconds()
					if v.Forecast.State != part2.Clearing {
						t.Fatalf("after %v: %+v", time.Since(began), v.Forecast)
					}
					// What ends in steps is not yet counted between them.
					if got := *v.Forecast.Seconds; math.Abs(got-left) > max(0.01*all, 0.51) {
						t.Errorf("after %v: clears in %v s, want %v", time.Since(began), got, left)
					}
					if math.Abs(v.RatePerS-c.rate) > 0.01*c.rate {
						t.Errorf("after %v: %v a second", time.Since(began), v.RatePerS)
					}
				}
				ch.empty()
				if v := ch.pass(2 * time.Second); v.Forecast.State != part2.Idle || v.RatePerS != 0 {
					t.Errorf("%+v, %v a second", v.Forecast, v.RatePerS)
				}
			})
		})
	}
}

func TestBeforeAnyEventHasEndedTheResourcesLatencyIsExpected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(3), half)
		synctest.Wait()
		c.use(func(s *resource.Settings) { s.Latency = time.Minute })
		c.enqueue(5)
		v := c.pass(1200 * time.Millisecond)
		if v.RatePerS != 3./60 || *v.Forecast.Seconds != 100 {
			t.Errorf("%v a second, %v s", v.RatePerS, *v.Forecast.Seconds)
		}
		c.use(func(s *resource.Settings) { s.Latency = 0 })
		c.empty()
	})
}

func TestAnIdleTimeDoesNotSlowTheForecast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(20)
		c.empty()
		c.pass(10 * time.Minute)
		c.enqueue(20)
		synctest.Wait()
		if v := c.law(); v.RatePerS != 2 {
			t.Errorf("%v a second at once", v.RatePerS)
		}
		for range 5 {
			if v := c.pass(1150 * time.Millisecond); v.RatePerS != 2 {
				t.Errorf("%v a second", v.RatePerS)
			}
		}
	})
}

func TestMoreThanGoesGrowsAndAPauseStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		for range 100 { // 10 a second
			c.enqueue(1)
			c.pass(100 * time.Millisecond)
		}
		if v := c.law(); v.Forecast.State != part2.Growing || v.Forecast.Seconds != nil || v.RatePerS != 2 {
			t.Errorf("%+v, %v a second", v.Forecast, v.RatePerS)
		}
		if v := c.pass(2 * time.Second); v.Forecast.State != part2.Clearing {
			t.Errorf("%+v", v.Forecast)
		}
		c.PauseHandout()
		if v := c.law(); v.Forecast.State != part2.Stalled || v.InHand != 1 {
			t.Errorf("one is still in hand, but nothing clears: %+v", v)
		}
		if v := c.pass(time.Second); v.Forecast.State != part2.Stalled || v.RatePerS != 0 {
			t.Errorf("%+v, %v a second", v.Forecast, v.RatePerS)
		}
	})
}

// What ended before a pause says nothing about what ends after it.
func TestAPauseDoesNotSlowTheForecast(t *testing.T) {
	for name, end := range map[string]func(*chapter){"resume": (*chapter).resume, "drain": (*chapter).drainIntake} {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, nil, half)
			synctest.Wait()
			c.enqueue(100)
			c.pass(3 * time.Second)
			c.PauseHandout()
			c.pass(time.Minute)
			end(c)
			synctest.Wait()
			for range 20 {
				v := c.law()
				if want := float64(v.InSystem) / 2; v.Forecast.State != part2.Clearing || math.Abs(*v.Forecast.Seconds-want) > 1 {
					t.Errorf("%s: with %d in the system: %+v, want %v s", name, v.InSystem, v.Forecast, want)
				}
				c.pass(330 * time.Millisecond)
			}
		})
	}
}

func (c *chapter) resume()      { c.Resume() }
func (c *chapter) drainIntake() { c.DrainIntake() }

func TestAResumeWithoutAPauseLeavesThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, supervisor(5), half)
		c.use(func(s *resource.Settings) { s.Limit, s.OnFull = 2, resource.Wait })
		synctest.Wait()
		c.enqueue(100)
		c.pass(3 * time.Second)
		c.Resume()
		if v := c.law(); v.RatePerS != 4 {
			t.Errorf("%v a second", v.RatePerS)
		}
	})
}

func TestAtALightLoadTheRateIsThatOfWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		for i := range 20 { // one a second, 500 ms each: none finds another
			c.enqueue(1)
			busy := c.pass(250 * time.Millisecond).RatePerS
			idle := c.pass(750 * time.Millisecond).RatePerS
			if i > 2 && (math.Abs(busy-1) > 0.15 || math.Abs(idle-1) > 0.15) {
				t.Errorf("%v a second while busy, %v while idle", busy, idle)
			}
		}
	})
}

func TestAResourceThatOthersHoldStallsTheForecast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		c.use(func(s *resource.Settings) { s.Limit, s.OnFull = 1, resource.Wait })
		synctest.Wait()
		for range 2 { // before any event has ended, and after some have
			place, err := c.mock.Caller("serial").Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c.enqueue(20)
			if v := c.pass(8 * time.Second); v.Forecast.State != part2.Stalled || v.RatePerS != 0 || v.InHand != 1 {
				t.Errorf("%+v, %v a second", v.Forecast, v.RatePerS)
			}
			place.Leave()
			if v := c.pass(1250 * time.Millisecond); v.Forecast.State != part2.Clearing {
				t.Errorf("%+v", v.Forecast)
			}
			c.pass(3 * time.Second)
		}
	})
}
