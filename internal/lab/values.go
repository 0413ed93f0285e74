package lab

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/telemetry"
)

// values are what the status strip and the home page keep fresh.
func (l *Lab) values() live.Values {
	return live.Values{Name: "lab", Read: func(put func(string, live.Value)) {
		r, s := l.mock.Snapshot(), l.Settings().Resource
		say := func(name, text string) { put(name, live.Value{Text: text}) }
		count := func(name string, n uint64) { put(name, live.Count(n)) }
		say("resource", live.Duration(s.Latency)+" "+string(s.Distribution))
		say("limit", limit(s.Limit))
		count("in_flight", uint64(r.All.InFlight))
		count("peak", uint64(r.All.Peak))
		count("waiting", uint64(r.All.Waiting))
		count("finished", r.All.Finished)
		count("events", uint64(l.part2.InSystem()))
		put("done_rate", live.Rate(l.recorder.Rate("finished", telemetry.RateWindow)))
		put("rejected_rate", live.Rate(l.recorder.Rate("requests_rejected", telemetry.RateWindow)+l.recorder.Rate("events_rejected", telemetry.RateWindow)))
		say("recorded", recorded(l.recorder.Reach()))
		v := l.observer.Vitals()
		count("goroutines", uint64(v.Goroutines))
		say("heap", live.Bytes(v.Heap))
		put("cpu", share(l.recorder.Rate("cpu", 2*time.Second)))
		say("uptime", live.Duration(time.Since(l.Tree().StartedAt).Round(time.Second)))
	}}
}

func limit(n int) string {
	if n == 0 {
		return "off"
	}
	return live.Count(uint64(n)).Text
}

// recorded says how far back a chart can go.
func recorded(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Truncate(time.Second).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0f min", d.Truncate(time.Minute).Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Truncate(time.Hour).Hours())
}

// share is processor time per time, in percent of a core.
func share(cores float64) live.Value {
	return live.Value{Text: live.Percent(cores)}
}
