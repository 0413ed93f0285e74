package pipelines

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

func outletTable(s *stage.Snapshot, href func(string) string) table {
	return subject[stage.OutletSnapshot]{
		all:     s.Outlets,
		name:    func(o *stage.OutletSnapshot) string { return o.Name },
		trouble: func(o *stage.OutletSnapshot) bool { return o.Dropped+o.Failed > 0 },
		cells:   outletCells,
	}.fill(table{
		Title: "Outlets", Note: "Accepted = done + failed + dropped + delayed + buffer + inboxes + in hand.", Empty: "There is no outlet.",
		Columns: columns("Outlet", []string{"State"}, []string{
			"Accepted", "Done", "Failed", "Dropped", "Delayed", "Buffer", "Inboxes", "In hand", "In", "Out",
			"Buffer wait p50 / p99", "Inbox wait p50 / p99", "Service p50 / p99",
		}),
	}, href)
}

func outletCells(o *stage.OutletSnapshot) []string {
	cells := []string{
		outletState(o).word, whole(o.Accepted), whole(o.Done), whole(o.Failed), whole(o.Dropped),
		whole(o.Delayed), whole(o.Buffer), whole(o.Inboxes), whole(o.Hands), live.Rate(o.RateIn).Text, live.Rate(o.RateOut).Text,
	}
	for _, h := range []*stage.Histogram{&o.BufferWait, &o.InboxWait, &o.Service} {
		cells = append(cells, times(h))
	}
	return cells
}

// part is a subscription with the outlet that it takes from.
type part struct {
	outlet string
	*stage.SubscriptionSnapshot
}

func partsOf(s *stage.Snapshot) (parts []part) {
	for i := range s.Outlets {
		for j := range s.Outlets[i].Subscriptions {
			parts = append(parts, part{s.Outlets[i].Name, &s.Outlets[i].Subscriptions[j]})
		}
	}
	return parts
}

func subscriptionTable(s *stage.Snapshot, href func(string) string) table {
	return subject[part]{
		all:     partsOf(s),
		name:    func(p *part) string { return p.Stage },
		trouble: func(p *part) bool { return !p.Attached || p.Failed > 0 },
		cells: func(p *part) []string {
			return []string{
				p.outlet, asks(p.SubscriptionSnapshot), attached(p.SubscriptionSnapshot), whole(p.Credit), whole(p.Inbox), whole(p.Hands),
				outOf(p.Busy, p.Workers), whole(p.Done), whole(p.Failed), whole(p.Retried),
			}
		},
	}.fill(table{
		Title: "Subscriptions", Note: "Who takes from which outlet.", Empty: "No stage takes from an outlet.",
		Columns: columns("Stage", []string{"Takes from", "Asks", "Now"}, []string{"Asked for", "Inbox", "In hand", "Busy", "Done", "Failed", "Tried again"}),
	}, href)
}

func stageTable(s *stage.Snapshot, href func(string) string) table {
	return subject[stage.StageSnapshot]{
		all:     s.Stages,
		name:    func(x *stage.StageSnapshot) string { return x.Name },
		trouble: func(x *stage.StageSnapshot) bool { return x.Err != "" || stageState(x).trouble },
		cells:   func(x *stage.StageSnapshot) []string { return []string{x.Kind, told(x), workers(x), shortened(x.Err)} },
	}.fill(table{
		Title: "Stages", Note: "Workers that are there, of those that are wanted.", Empty: "There is no stage.",
		Columns: columns("Stage", []string{"Kind", "State", "Workers", "Last error"}, nil),
	}, href)
}

// asks says how a subscription asks for events.
func asks(s *stage.SubscriptionSnapshot) string {
	if !s.Prefetch {
		return "when free"
	}
	return fmt.Sprintf("ahead: %s, again at %s", whole(s.Max), whole(s.Min))
}

func attached(s *stage.SubscriptionSnapshot) string {
	switch {
	case s.Leaving:
		return "leaving"
	case !s.Attached:
		return "not served"
	}
	return "served"
}

// told is a stage's state, and of a source that failed when it is asked again.
func told(s *stage.StageSnapshot) string {
	word := stageState(s).word
	if s.Retry > 0 {
		word += ", again in " + live.Duration(s.Retry.Round(100*time.Millisecond))
	}
	return word
}

func workers(s *stage.StageSnapshot) string {
	if s.Workers == 0 && s.Target == 0 {
		return "–"
	}
	return outOf(s.Workers, s.Target)
}

func shortened(text string) string {
	if text == "" {
		return "–"
	}
	if letters := []rune(text); len(letters) > longestError {
		return string(letters[:longestError]) + "…"
	}
	return text
}

func whole[N int | uint64](n N) string { return live.Count(uint64(n)).Text }

// times are the median and what one in a hundred exceeds.
func times(h *stage.Histogram) string {
	if h.Count == 0 {
		return "–"
	}
	return live.Duration(h.Quantile(0.5)) + " / " + live.Duration(h.Quantile(0.99))
}
