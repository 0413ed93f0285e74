package part2_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/part2"
)

// keys are those of an object in JSON.
func keys(t *testing.T, v any) (keys []string, all map[string]any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(all)), all
}

func TestTheAnswersOfTheAPIHaveTheNamesOfTheContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		want := func(v any, names ...string) map[string]any {
			t.Helper()
			slices.Sort(names)
			got, all := keys(t, v)
			if !slices.Equal(got, names) {
				t.Errorf("\n got %v\nwant %v", got, names)
			}
			return all
		}
		v := c.View(7)
		all := want(v, "epoch", "kind", "switching_to", "intake", "paused", "max_demand", "min_demand",
			"enqueued", "done", "failed", "dropped", "rejected", "retrying", "in_buffer", "in_inboxes", "in_hand", "in_system",
			"rate_per_s", "latency_ms", "buffer_wait_ms", "inbox_wait_ms", "service_ms", "consumers", "forecast")
		if all["epoch"] != 7. || all["kind"] != "consumers" || all["switching_to"] != "" || all["intake"] != "open" || all["min_demand"] != 500. {
			t.Errorf("%v", all)
		}
		want(v.LatencyMS, "count", "sum", "mean", "p50", "p90", "p95", "p99", "max")
		want(v.Consumers[0], "name", "done", "busy", "inbox", "pending_demand", "leaving")
		if f := want(v.Forecast, "state", "seconds"); f["state"] != "idle" || f["seconds"] != nil {
			t.Errorf("%v", f)
		}
		want(part2.Event{}, "seq", "part", "consumer", "at", "attempt", "depth_at_arrival", "buffer_wait_ms",
			"inbox_wait_ms", "service_ms", "latency_ms", "outcome", "weight")
		c.stop()
		c.change(func(s *part2.Settings) { *s = defaults(); s.Kind = part2.Supervisor })
		if _, all := keys(t, c.View(0)); all["consumers"] == nil {
			t.Error("consumers are null and no list")
		}
	})
}

func TestConsumersAreListedByTheirNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, consumers(11), half)
		synctest.Wait()
		c.change(consumers(3))
		c.change(consumers(12))
		v := c.pass(time.Second)
		c.wantNames(v, "consumer-1", "consumer-2", "consumer-3", "consumer-4", "consumer-5", "consumer-6",
			"consumer-7", "consumer-8", "consumer-9", "consumer-10", "consumer-11", "consumer-12")
	})
}

func TestTheQuantilesAreThoseOfTheBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, nil, half)
		synctest.Wait()
		c.enqueue(1000)
		c.empty()
		l := c.law().LatencyMS // event i takes i·500 ms
		for name, pair := range map[string][2]float64{
			"mean": {l.Mean, 250_250}, "p50": {l.P50, 250_000}, "p90": {l.P90, 450_000},
			"p95": {l.P95, 475_000}, "p99": {l.P99, 495_000}, "max": {l.Max, 500_000}, "sum": {l.Sum, 250_250_000},
		} {
			if off := pair[0]/pair[1] - 1; off > 0.07 || off < -0.07 {
				t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
			}
		}
		if l.Count != 1000 {
			t.Errorf("%d", l.Count)
		}
	})
}
