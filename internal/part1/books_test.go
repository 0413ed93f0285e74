package part1_test

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part1"
	"github.com/affluxlab/afflux/internal/resource"
)

func balanced(t *testing.T, s part1.Snapshot) {
	t.Helper()
	for _, c := range []part1.Counts{s.All, s.Endpoints[0].Now, s.Endpoints[1].Now, s.Endpoints[0].Total, s.Endpoints[1].Total} {
		if c.Requests != c.OK+c.Rejected+c.Failed+uint64(c.Open) {
			t.Errorf("the books do not balance: %+v", c)
		}
	}
}

func TestRequestsAreCountedByWhatTheyWereAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, func(s *resource.Settings) { s.Limit = 2 })
		synctest.Wait()
		for range 3 {
			c.get("/part1/async")
		}
		go c.get("/part1/serial")
		synctest.Wait()
		want := part1.Counts{Requests: 4, OK: 2, Rejected: 2}
		if s := c.Snapshot(); s.All != want || s.Endpoints[0].Name != "serial" || s.Endpoints[1].Now != (part1.Counts{Requests: 3, OK: 2, Rejected: 1}) {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		go c.do(httptest.NewRequestWithContext(ctx, "GET", "/part1/serial", nil))
		synctest.Wait()
		if s := c.Snapshot(); s.All.Open != 1 {
			t.Errorf("open: %+v", s.All)
		}
		time.Sleep(time.Second)
		if s := c.Snapshot(); s.All.Failed != 1 || s.All.Open != 0 {
			t.Errorf("a client that left: %+v", s.All)
		}
		balanced(t, c.Snapshot())
	})
}

func TestAResetCarriesOverWhatIsOpenAndKeepsTheTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil)
		synctest.Wait()
		c.get("/part1/async")
		go c.get("/part1/serial")
		synctest.Wait()
		c.Reset()
		if s := c.Snapshot(); s.All != (part1.Counts{Requests: 1, Open: 1}) || s.Endpoints[1].Total.OK != 1 {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Second)
		if s := c.Snapshot(); s.All != (part1.Counts{Requests: 1, OK: 1}) || s.Endpoints[0].Total != (part1.Counts{Requests: 1, OK: 1}) {
			t.Errorf("%+v", s)
		}
		for _, d := range c.Durations() {
			if d.Answers.Count != 1 || d.Works.Count != 1 {
				t.Errorf("%s: %d answers, %d works in all", d.Endpoint, d.Answers.Count, d.Works.Count)
			}
		}
	})
}

func TestTheBooksBalanceUnderAnyMixture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, func(s *resource.Settings) { s.Limit, s.OnFull, s.MaxWaiting = 5, resource.Wait, 5 })
		synctest.Wait()
		r := rand.New(rand.NewPCG(3, 4))
		for range 400 {
			path := []string{"/part1/serial", "/part1/async", "/part1/sync"}[r.IntN(3)]
			patience := time.Duration(r.IntN(1500)) * time.Millisecond
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				c.do(httptest.NewRequestWithContext(ctx, "GET", path, nil))
			}()
			time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
			balanced(t, c.Snapshot())
			if r.IntN(50) == 0 {
				c.Reset()
			}
		}
		c.Drain(t.Context())
		synctest.Wait()
		s := c.Snapshot()
		balanced(t, s)
		if total := s.Endpoints[0].Total.Requests + s.Endpoints[1].Total.Requests; s.All.Open != 0 || total != 400 {
			t.Errorf("%d of 400 requests, %+v", total, s.All)
		}
	})
}

// one finds the only request that was over.
func only(t *testing.T, c *chapter) part1.Request {
	t.Helper()
	taken := c.Take()
	if len(taken) != 1 {
		t.Fatalf("%d requests were over: %+v", len(taken), taken)
	}
	return taken[0]
}

func TestARequestThatIsOverTellsItsTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, func(s *resource.Settings) { s.Limit, s.OnFull, s.MaxWaiting = 1, resource.Wait, 1 })
		synctest.Wait()
		at := float64(time.Now().UnixMilli())
		c.get("/part1/async")
		go c.get("/part1/serial")
		synctest.Wait()
		c.get("/part1/async")
		rejected := only(t, c)
		if rejected.Outcome != part1.Rejected || rejected.Caller != "async" || rejected.Depth != 2 || rejected.LatencyMS != 0 {
			t.Errorf("%+v", rejected)
		}
		time.Sleep(600 * time.Millisecond)
		first := only(t, c)
		if first != (part1.Request{Seq: 2, Part: "part1", Caller: "async", At: at, ServiceMS: 500, LatencyMS: 500, Outcome: part1.OK, Weight: 1}) {
			t.Errorf("%+v", first)
		}
		time.Sleep(600 * time.Millisecond)
		second := only(t, c)
		if second != (part1.Request{Seq: 3, Part: "part1", Caller: "serial", At: at, AnswerMS: 1000, WaitMS: 500, ServiceMS: 500, LatencyMS: 1000, Outcome: part1.OK, Depth: 1, Weight: 1}) {
			t.Errorf("%+v", second)
		}
		if more := c.Take(); len(more) != 0 {
			t.Errorf("taken twice: %+v", more)
		}
	})
}

func TestWorkThatLeavesTheLineIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, func(s *resource.Settings) { s.Limit, s.OnFull = 1, resource.Wait })
		synctest.Wait()
		c.get("/part1/async")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		c.do(httptest.NewRequestWithContext(ctx, "GET", "/part1/serial", nil))
		if r := only(t, c); r.Outcome != part1.Abandoned || r.WaitMS != 100 || r.ServiceMS != 0 {
			t.Errorf("%+v", r)
		}
		time.Sleep(time.Second)
	})
}

func TestOfManyRequestsAFewStandForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, func(s *resource.Settings) { s.Latency = 0 })
		synctest.Wait()
		for range 1000 {
			c.get("/part1/serial")
		}
		taken, sum := c.Take(), 0.0
		for _, r := range taken {
			sum += r.Weight
		}
		if len(taken) != part1.MostRequests || sum < 999.9 || sum > 1000.1 {
			t.Errorf("%d stand for %v", len(taken), sum)
		}
	})
}
