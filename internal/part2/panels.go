package part2

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// latencies are where the time of finished events went.
type latencies struct {
	Count   uint64
	Split   []live.Part // of the mean
	Spreads []live.Spread
	Rows    [][]any
}

func (p *Part) latencies() latencies {
	o := p.Snapshot().OutletSnapshot
	l := latencies{Count: o.Total.Count}
	var service time.Duration // of an event: all its uses together
	if o.Total.Count > 0 {
		service = o.Service.Sum / time.Duration(o.Total.Count)
	}
	inbox := o.InboxWait.Mean()
	buffer := max(o.Total.Mean()-inbox-service, 0) // what was tried again waited there too
	l.split("in the buffer", buffer, "waiting")
	l.split("in the inbox", inbox, "inbox")
	l.split("in hand", service, "hand")
	l.add("Wait in the buffer", "waiting", &o.BufferWait)
	l.add("Wait in the inbox", "inbox", &o.InboxWait)
	l.add("Service", "hand", &o.Service)
	l.add("Latency: all of it", "done", &o.Total)
	return l
}

func (l *latencies) split(label string, mean time.Duration, meaning string) {
	l.Split = append(l.Split, live.Part{Label: label, Value: mean.Seconds(), Text: live.Duration(mean), Colour: meaning})
}

func (l *latencies) add(label, meaning string, h *stage.Histogram) {
	if h.Count == 0 {
		return
	}
	spread := live.Spread{Label: label, Colour: meaning, Ticks: []time.Duration{h.Quantile(0.5), h.Quantile(0.99)}}
	if h.Max >= time.Microsecond { // else there is nothing to draw on a logarithmic axis
		spread.Bins = binsOf(h)
		l.Spreads = append(l.Spreads, spread)
	}
	row := []any{label, live.Count(h.Count).Text}
	for _, t := range []time.Duration{h.Mean(), h.Quantile(0.5), h.Quantile(0.95), h.Quantile(0.99), h.Max} {
		row = append(row, live.Duration(t))
	}
	l.Rows = append(l.Rows, row)
}

// binsOf are the buckets of a histogram, for an axis that has no 0.
func binsOf(h *stage.Histogram) []live.Bin {
	var bins []live.Bin
	for b := range h.Buckets() {
		if b.From == 0 {
			b.From = b.To / 2
		}
		bins = append(bins, live.Bin{From: b.From, To: b.To, Count: b.Count})
	}
	return bins
}

// fairness is how the work was shared.
type fairness struct {
	Rows  [][]any
	Jain  string
	Words string
}

// mostRows is how many consumers the table names.
const mostRows = 50

func (p *Part) fairness() fairness {
	s := p.Snapshot()
	subs := sorted(s.Subscriptions)
	f := fairness{Jain: "–", Words: words(subs, s.Buffer)}
	var all, squares float64
	for _, sub := range subs {
		all += float64(sub.Done)
		squares += float64(sub.Done) * float64(sub.Done)
	}
	if squares > 0 && len(subs) > 1 {
		f.Jain = live.Number(all * all / (float64(len(subs)) * squares)).Text
	}
	for _, sub := range subs[:min(len(subs), mostRows)] {
		share := "–"
		if all > 0 {
			share = live.Percent(float64(sub.Done) / all)
		}
		f.Rows = append(f.Rows, []any{
			sub.Stage, live.Count(sub.Done).Text, share, state(sub), live.Duration(sub.Service.Round(time.Millisecond)),
			live.Count(uint64(sub.Inbox)).Text, live.Count(uint64(sub.Credit)).Text,
		})
	}
	if gone := float64(s.Done) - all; gone > 0 {
		f.Rows = append(f.Rows, []any{"those that have left", live.Count(uint64(gone)).Text, "", "", "", "", ""})
	}
	return f
}

func state(sub stage.SubscriptionSnapshot) string {
	switch {
	case sub.Leaving:
		return "leaving"
	case !sub.Attached:
		return "not running"
	case sub.Workers > 1 && sub.Busy > 0:
		return fmt.Sprintf("%d busy", sub.Busy)
	case sub.Busy > 0:
		return "busy"
	}
	return "idle"
}

// words say what no number does: who idles while others have more than they can do.
func words(subs []stage.SubscriptionSnapshot, inBuffer int) string {
	idle, holders, held := 0, 0, 0
	for _, sub := range subs {
		switch {
		case sub.Inbox > 0:
			holders++
			held += sub.Inbox
		case sub.Busy == 0 && sub.Attached:
			idle++
		}
	}
	switch {
	case idle > 0 && holders > 0:
		return fmt.Sprintf("%s while %s events wait in the inboxes of %d: they were dealt out before the others asked. Rebalance deals them out anew; a smaller max_demand keeps it from happening.",
			idlers(idle), live.Count(uint64(held)).Text, holders)
	case held > 0 && inBuffer == 0:
		return fmt.Sprintf("All %s that wait are in inboxes: a consumer that is added now finds nothing to do.", live.Count(uint64(held)).Text)
	}
	return ""
}

func idlers(n int) string {
	if n == 1 {
		return "1 consumer is idle"
	}
	return fmt.Sprintf("%d consumers are idle", n)
}
