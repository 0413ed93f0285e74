package part2

import (
	"fmt"
	"strconv"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/stage"
)

// averageFor is the time over which the sliding mean is taken.
const averageFor = 10 * time.Second

// Values are what the page keeps fresh: the pipeline's books, and what the recorder
// knows of the last seconds.
func (p *Part) Values(past *telemetry.Recorder) live.Values {
	return live.Values{Name: "part2", Read: func(put func(string, live.Value)) {
		s, r := p.Snapshot(), p.mock.Snapshot()
		w := values{put}
		w.books(&s.OutletSnapshot)
		w.usage(r, past)
		w.say("clears", clears(&s.OutletSnapshot, p.forecast(&s.OutletSnapshot)))
		w.averages(&s.OutletSnapshot, &p.recent, past)
		w.model(s.Settings, r)
		w.nodes(&s.OutletSnapshot)
		w.put("in_rate", live.Rate(s.RateIn))
		w.put("out_rate", live.Rate(p.rate(&s.OutletSnapshot)))
		w.say("summary", p.summary(s))
	}}
}

// values writes values.
type values struct {
	put func(string, live.Value)
}

func (w values) say(name, text string)       { w.put(name, live.Value{Text: text}) }
func (w values) count(name string, n uint64) { w.put(name, live.Count(n)) }

// books are the law's terms, and what is beside it.
func (w values) books(o *stage.OutletSnapshot) {
	w.count("enqueued", o.Accepted)
	w.count("done", o.Done)
	w.count("failed", o.Failed)
	w.count("dropped", o.Dropped)
	w.count("rejected", o.Rejected)
	w.count("retrying", uint64(o.Delayed))
	w.count("in_buffer", uint64(o.Buffer))
	w.count("in_inboxes", uint64(o.Inboxes))
	w.count("in_hand", uint64(o.Hands))
	w.count("in_system", uint64(o.InSystem()))
	w.say("buffer_used", live.Count(uint64(o.Buffer+o.Delayed)).Text+" of "+live.Count(uint64(o.Capacity)).Text)
}

// usage is what is in flight at the resource, whoever uses it.
func (w values) usage(r resource.Snapshot, past *telemetry.Recorder) {
	w.count("usage", uint64(r.All.InFlight))
	w.put("usage_workshop", live.Number(float64(r.All.InFlight)))
	if last := past.Last("in_flight_workshop", 1); len(last) > 0 {
		w.put("usage_workshop", live.Number(last[0]))
	}
	w.say("limit", "off")
	if n := r.Settings.Limit; n > 0 {
		w.say("limit", live.Count(uint64(n)).Text)
	}
}

// averages are the means of the latency, and its quantiles since the reset.
func (w values) averages(o *stage.OutletSnapshot, recent *recent, past *telemetry.Recorder) {
	last, weighted := recent.means()
	var window time.Duration
	if n := past.Rate("latency_count", averageFor); n > 0 {
		window = time.Duration(past.Rate("latency_sum", averageFor) / n * float64(time.Second))
	}
	for name, d := range map[string]time.Duration{
		"avg_reset": o.Total.Mean(), "avg_last": last, "avg_window": window, "avg_weighted": weighted,
		"p50": o.Total.Quantile(0.5), "p95": o.Total.Quantile(0.95), "p99": o.Total.Quantile(0.99), "longest": o.Total.Max,
	} {
		w.put(name, ms(d))
	}
}

// ms writes a time as the workshop's gauge does: a number of milliseconds.
func ms(d time.Duration) live.Value {
	if d == 0 {
		return live.Value{Text: "–"}
	}
	v := live.Count(uint64(d.Round(time.Millisecond) / time.Millisecond))
	if d < 10*time.Millisecond {
		v = live.Number(inMS(d))
	}
	v.Exact = live.Duration(d)
	return v
}

// model is the line that latency follows if all of k workers share one queue, as
// numbers of milliseconds: an event that finds d others waits until its turn comes,
// and nothing is faster than one use.
//
//	latency = max(S, (d + 1) · S / k)
func (w values) model(s Settings, r resource.Snapshot) {
	k := s.workers()
	if limit := r.Settings.Limit; limit > 0 {
		k = min(k, limit)
	}
	step := inMS(r.Settings.Latency) / float64(k)
	w.say("model_slope", strconv.FormatFloat(step, 'g', 6, 64))
	w.say("model_intercept", strconv.FormatFloat(step, 'g', 6, 64))
	w.say("model_floor", strconv.FormatFloat(inMS(r.Settings.Latency), 'g', 6, 64))
}

// nodes are the numbers in the picture: of as many nodes as it shows, there or not.
func (w values) nodes(o *stage.OutletSnapshot) {
	subs := map[string]stage.SubscriptionSnapshot{}
	for _, s := range o.Subscriptions {
		subs[s.Stage] = s
	}
	for i := range mostShown {
		name := consumerPrefix + strconv.Itoa(i+1)
		w.node(valuesOf(name), subs[name])
	}
	w.node(valuesOf(SupervisorName), subs[SupervisorName])
}

func (w values) node(prefix string, s stage.SubscriptionSnapshot) {
	w.count(prefix+"inbox", uint64(s.Inbox))
	w.count(prefix+"demand", uint64(s.Credit))
	w.count(prefix+"done", s.Done)
	w.count(prefix+"busy", uint64(s.Busy))
}

// maxForecast is the longest time that a forecast names.
const maxForecast = 30 * 24 * time.Hour

// clears is the forecast in words.
func clears(o *stage.OutletSnapshot, f Forecast) string {
	switch f.State {
	case Idle:
		return "nothing is in the system"
	case Stalled:
		if o.Paused {
			return "paused: nothing is handed out"
		}
		return "stands still"
	case Growing:
		if o.Buffer+o.Delayed >= o.Capacity {
			return "full: more comes than goes"
		}
		return "grows: more comes than goes"
	}
	if *f.Seconds < 1 {
		return "clears within a second"
	}
	if *f.Seconds > maxForecast.Seconds() {
		return "clears, but not within a month"
	}
	return "clears in " + live.Duration(time.Duration(*f.Seconds*float64(time.Second)).Round(time.Second))
}

// summary is the page in a sentence, for those who listen to it.
func (p *Part) summary(s Snapshot) string {
	o := &s.OutletSnapshot
	if o.InSystem() == 0 {
		if o.Accepted == 0 {
			return "No event has come yet."
		}
		return fmt.Sprintf("At rest. %s enqueued since the reset: %s done, %s failed, %s dropped.",
			live.Count(o.Accepted).Text, live.Count(o.Done).Text, live.Count(o.Failed).Text, live.Count(o.Dropped).Text)
	}
	text := fmt.Sprintf("%s events in the system, %s; %s", live.Count(uint64(o.InSystem())).Text, live.Rate(p.rate(o)).Text, clears(o, p.forecast(o)))
	if o.Delayed > o.Hands {
		text += fmt.Sprintf("; %s wait to be tried again, for up to 10 s", live.Count(uint64(o.Delayed)).Text)
	}
	if in := intake(o); in != Open {
		text += "; " + string(in)
	}
	return text + "."
}
