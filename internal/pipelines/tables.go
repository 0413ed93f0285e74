package pipelines

import (
	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// tables are all of a pipeline, from where it waits to what each stage does.
func tables(g *graph, seen look, href func(string) string) []table {
	return []table{
		waitTable(g, href), bookTable(g.of, href), timeTable(g.of, href),
		subscriptionTable(g, seen, href), stageTable(g.of, href),
	}
}

// waitTable tells what waits, how long already, and for what.
func waitTable(g *graph, href func(string) string) table {
	return outlets(g.of, waitColumns(g)).fill(table{
		Title: "What waits", Note: "What waits in each outlet, what takes it from there, and why it stays.", Empty: "There is no outlet.",
	}, "Outlet", href)
}

func waitColumns(g *graph) []column[stage.OutletSnapshot] {
	type of = stage.OutletSnapshot
	return []column[of]{
		number("Buffer", "Events that nobody has asked for yet.", func(o *of) string { return whole(o.Buffer) }),
		number("Capacity", "How many may wait in the buffer, those to be tried again later included.", func(o *of) string { return whole(o.Capacity) }),
		number("Oldest", "How long the first event in the buffer has waited.", oldest),
		seldom(number("Partitions", "Events of one partition are handled one after the other.", func(o *of) string { return if0(o.Partitions, whole(o.Partitions)) })),
		seldom(number("Blocked", "Events in the buffer that wait behind one of their partition, even if a worker is free.", func(o *of) string { return if0(o.Partitions, whole(o.Blocked)) })),
		number("Pushes that wait", "Calls of Push that wait for room: whoever pushes is slowed down.", func(o *of) string { return whole(o.Pushers) }),
		number("In", "Events accepted in the last second.", func(o *of) string { return live.Rate(o.RateIn).Text }),
		number("Out", "Events done or failed in the last second.", func(o *of) string { return live.Rate(o.RateOut).Text }),
		number("Free workers", "Workers that take an event as soon as there is one: subscriptions that ask when they are free.", func(o *of) string { return whole(o.Idle) }),
		number("Asked ahead", "Events asked for by subscriptions that ask ahead, and not served yet.", func(o *of) string { return whole(o.Credit) }),
		seldom(number("Wanted", "What a source, or the stage that feeds the outlet, would be asked for now: demand that what waits does not cover. At 0 a transform, a batcher and a broadcast rest.", func(o *of) string { return wanted(g.of, o) })),
		word("Why", "", func(o *of) string { return orNothing(g.why(o)) }),
	}
}

// bookTable tells where all that was accepted has gone.
func bookTable(s *stage.Snapshot, href func(string) string) table {
	return outlets(s, bookColumns(s)).fill(table{
		Title: "Outlets", Note: "Accepted = done + failed + dropped + delayed + buffer + inboxes + in hand.", Empty: "There is no outlet.",
	}, "Outlet", href)
}

func bookColumns(s *stage.Snapshot) []column[stage.OutletSnapshot] {
	type of = stage.OutletSnapshot
	return []column[of]{
		word("State", "", func(o *of) string { return outletState(o).word }),
		word("Fed by", "The stages that put events into the outlet.", func(o *of) string { return feeders(s, o) }),
		number("Accepted", "", func(o *of) string { return whole(o.Accepted) }),
		number("Done", "", func(o *of) string { return whole(o.Done) }),
		number("Failed", "Given up for good, dead letters included.", func(o *of) string { return whole(o.Failed) }),
		number("Dropped", "Lost since the buffer was full, or its subscriber left.", func(o *of) string { return whole(o.Dropped) }),
		number("Delayed", "To be tried again later.", func(o *of) string { return whole(o.Delayed) }),
		number("Buffer", "", func(o *of) string { return whole(o.Buffer) }),
		number("Inboxes", "Dealt out to stages that ask ahead, and not begun.", func(o *of) string { return whole(o.Inboxes) }),
		number("In hand", "In a handler.", func(o *of) string { return whole(o.Hands) }),
		number("Refused", "Pushes that were refused: never accepted, in no other number.", func(o *of) string { return whole(o.Rejected) }),
		number("Tried again", "How often a failed event was to be tried again.", func(o *of) string { return whole(o.Retried) }),
	}
}

// timeTable tells how long events waited and took.
func timeTable(s *stage.Snapshot, href func(string) string) table {
	return outlets(s, timeColumns()).fill(table{
		Title: "Times", Note: "The median, and what one event in a hundred exceeds, since the last reset.", Empty: "There is no outlet.",
	}, "Outlet", href)
}

func timeColumns() []column[stage.OutletSnapshot] {
	type of = stage.OutletSnapshot
	return []column[of]{
		number("Buffer wait p50 / p99", "From acceptance to hand-out.", func(o *of) string { return times(&o.BufferWait) }),
		number("Inbox wait p50 / p99", "From hand-out to the handler.", func(o *of) string { return times(&o.InboxWait) }),
		number("Service p50 / p99", "In the call of the handler that had the event, of the last try.", func(o *of) string { return times(&o.Service) }),
		number("Total p50 / p99", "From acceptance to the final outcome.", func(o *of) string { return times(&o.Total) }),
	}
}

func outlets(s *stage.Snapshot, columns []column[stage.OutletSnapshot]) subject[stage.OutletSnapshot] {
	return subject[stage.OutletSnapshot]{
		all:     s.Outlets,
		name:    func(o *stage.OutletSnapshot) string { return o.Name },
		trouble: func(o *stage.OutletSnapshot) bool { return o.Dropped+o.Failed > 0 || waiting(o) > 0 },
		columns: columns,
	}
}

// glossary is every word over a column that needs others.
func glossary() (words []head) {
	known := map[string]bool{}
	note := func(h head) {
		if h.Help != "" && !known[h.Head] {
			known[h.Head] = true
			words = append(words, h)
		}
	}
	for _, c := range append(append(waitColumns(nil), bookColumns(nil)...), timeColumns()...) {
		note(c.head)
	}
	for _, c := range subscriptionColumns(look{}) {
		note(c.head)
	}
	for _, c := range stageColumns() {
		note(c.head)
	}
	return words
}
