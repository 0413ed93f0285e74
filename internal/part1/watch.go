package part1

import (
	"fmt"
	"net/http"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
)

// heldFor is how long the page's held peak stays up.
const heldFor = 10 * time.Second

// littleFor is the time over which Little's law is held against the page's own
// figures.
const littleFor = 10 * time.Second

// Values are what the page keeps fresh: the chapter's and the resource's books,
// and what the recorder knows of the last seconds.
func (p *Part) Values(past *telemetry.Recorder) live.Values {
	return live.Values{Name: "part1", Read: func(put func(string, live.Value)) {
		r, s := p.mock.Snapshot(), p.Snapshot()
		w := window{past, put}
		w.gauge(r)
		w.rates()
		w.requests(s.All)
		w.endpoints(s, r)
		w.work(r)
		w.little()
		w.say("summary", summary(r, past))
	}}
}

// window writes values from a recorder.
type window struct {
	past *telemetry.Recorder
	put  func(string, live.Value)
}

func (w window) say(name, text string)       { w.put(name, live.Value{Text: text}) }
func (w window) count(name string, n uint64) { w.put(name, live.Count(n)) }

// gauge are the four ways to say how many are in flight.
func (w window) gauge(r resource.Snapshot) {
	w.count("now", uint64(r.All.InFlight))
	if last := w.past.Last("in_flight_workshop", 1); len(last) > 0 {
		w.put("workshop", live.Number(last[0]))
	} else {
		w.say("workshop", "–")
	}
	// The recorder's newest sample may be 20 ms old.
	held := max(uint64(w.past.Max("in_flight_high", heldFor)), uint64(r.All.InFlight))
	w.count("held", held)
	w.count("max", uint64(r.All.Peak))
	w.count("waiting", uint64(r.All.Waiting))
}

func (w window) rates() {
	for name, series := range map[string]string{"done_rate": "finished", "answered_rate": "answered", "rejected_rate": "requests_rejected"} {
		w.put(name, live.Rate(w.past.Rate(series, telemetry.RateWindow)))
	}
}

func (w window) requests(c Counts) {
	w.count("requests", c.Requests)
	w.count("ok", c.OK)
	w.count("rejected", c.Rejected)
	w.count("failed", c.Failed)
	w.count("open", uint64(c.Open))
}

// endpoints are the columns of the table by endpoint: values, so that they are of the
// same moment as the ledger above.
func (w window) endpoints(s Snapshot, r resource.Snapshot) {
	for _, e := range s.Endpoints {
		work := r.Caller(e.Name).Now
		for i, n := range []uint64{e.Now.Requests, e.Now.OK, e.Now.Rejected, e.Now.Failed, uint64(e.Now.Open), uint64(work.InFlight), uint64(work.Peak), work.Finished} {
			w.count(e.Name+"_"+endpointColumns[i], n)
		}
	}
}

// endpointColumns name the values of an endpoint.
var endpointColumns = []string{"requests", "ok", "rejected", "failed", "open", "in_flight", "peak", "done"}

// work is the area under in-flight beside N × S.
func (w window) work(r resource.Snapshot) {
	w.count("started", r.All.Started)
	w.count("finished", r.All.Finished)
	w.count("broken", r.All.Failed)
	w.count("abandoned", r.All.Abandoned)
	w.put("area", live.Number(r.Work.Area))
	w.put("cost", live.Number(r.Work.Cost))
	mean := "–"
	if r.All.Finished > 0 {
		mean = live.Duration(time.Duration(r.Work.Cost / float64(r.All.Finished) * float64(time.Second)))
	}
	w.say("cost_how", fmt.Sprintf("%s × %s", live.Count(r.All.Finished).Text, mean))
}

// little are the terms of L = X · W over the last seconds.
func (w window) little() {
	area, taken := w.past.Rate("area", littleFor), w.past.Rate("use_time", littleFor)
	ended := w.past.Rate("finished", littleFor) + w.past.Rate("failed", littleFor)
	w.put("little_l", live.Number(area))
	w.put("little_x", live.Number(ended))
	mean := "–"
	if ended > 0 {
		mean = live.Duration(time.Duration(taken / ended * float64(time.Second)))
	}
	w.say("little_w", mean)
	w.put("little_xw", live.Number(taken))
}

// summary is the page in a sentence, for those who listen to it.
func summary(r resource.Snapshot, past *telemetry.Recorder) string {
	done, refused := past.Rate("finished", telemetry.RateWindow), past.Rate("requests_rejected", telemetry.RateWindow)
	if r.All.InFlight == 0 && r.All.Waiting == 0 && done == 0 && refused == 0 {
		if r.All.Started == 0 && r.All.Rejected == 0 {
			return "Nothing has come yet."
		}
		return fmt.Sprintf("At rest. %s done, %s rejected since the reset; at most %s in flight at one time.",
			live.Count(r.All.Finished).Text, live.Count(r.All.Rejected).Text, live.Count(uint64(r.All.Peak)).Text)
	}
	text := fmt.Sprintf("%s in flight, %s done", live.Count(uint64(r.All.InFlight)).Text, live.Rate(done).Text)
	if r.All.Waiting > 0 {
		text += fmt.Sprintf(", %s waiting", live.Count(uint64(r.All.Waiting)).Text)
	}
	if refused > 0 {
		text += fmt.Sprintf(", %s rejected", live.Rate(refused).Text)
	}
	return text + "."
}

// Panels are the pieces of the page that are drawn once for all who look at it.
func (p *Part) Panels() []live.SharedPanel {
	share := func(name string, data func(*http.Request) any) live.SharedPanel {
		return live.SharedPanel{Page: "/part1", Name: "part1/" + name, Panel: live.Panel{Files: live.Folder(files, "panels"), Template: name + "-panel", Data: data}}
	}
	return []live.SharedPanel{
		share("latency", func(*http.Request) any { return p.latencies() }),
	}
}

// latencies are the rows of the histograms, and the same in numbers.
type latencies struct {
	Spreads []live.Spread
	Rows    [][]any
}

func (p *Part) latencies() latencies {
	var l latencies
	for _, e := range p.endpoints() {
		l.add(e.name+": client sees an OK", "answered", e.answers.Snapshot())
		l.add(e.name+": client sees a refusal", "rejected", e.refusals.Snapshot())
		l.add(e.name+": time in line", "waiting", e.waits.Snapshot())
		l.add(e.name+": work is done", "done", e.works.Snapshot())
	}
	return l
}

func (l *latencies) add(label, meaning string, d telemetry.Distribution) {
	if d.Count == 0 {
		return
	}
	spread := live.Spread{Label: label, Colour: meaning, Ticks: []time.Duration{d.Quantile(0.5), d.Quantile(0.99)}}
	for _, b := range d.Bins(20) {
		spread.Bins = append(spread.Bins, live.Bin(b))
	}
	l.Spreads = append(l.Spreads, spread)
	row := []any{label, live.Count(d.Count).Text}
	for _, t := range []time.Duration{d.Mean(), d.Quantile(0.5), d.Quantile(0.95), d.Quantile(0.99), d.Max} {
		row = append(row, live.Duration(t))
	}
	l.Rows = append(l.Rows, row)
}
