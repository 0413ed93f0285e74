package pipelines

import "github.com/affluxlab/afflux/stage"

// part is a subscription with the outlet that it takes from, and its stage.
type part struct {
	outlet string
	by     *node
	*stage.SubscriptionSnapshot
}

func partsOf(g *graph) (parts []part) {
	for i := range g.of.Outlets {
		o := &g.of.Outlets[i]
		for j := range o.Subscriptions {
			sub := &o.Subscriptions[j]
			parts = append(parts, part{o.Name, g.named[sub.Stage], sub})
		}
	}
	return parts
}

func subscriptionTable(g *graph, seen look, href func(string) string) table {
	return subject[part]{
		all:     partsOf(g),
		name:    func(p *part) string { return p.Stage },
		trouble: func(p *part) bool { return !p.Attached || p.Failed > 0 },
		columns: subscriptionColumns(seen),
	}.fill(table{
		Title: "Subscriptions", Note: "Who takes from which outlet, and how.", Empty: "No stage takes from an outlet.",
	}, "Stage", href)
}

func subscriptionColumns(seen look) []column[part] {
	return []column[part]{
		word("Takes from", "", func(p *part) string { return p.outlet }),
		word("Asks", "When free: a worker takes an event as it has nothing to do. Ahead: events are asked for before there is time for them, and wait in an inbox. By hand: only as Ask says. Some: the others are kept from it. May lag: nobody waits for it.", func(p *part) string { return asks(p.SubscriptionSnapshot) }),
		word("Now", "Whether its stage serves.", func(p *part) string { return attached(p.SubscriptionSnapshot) }),
		number("Asked for", "Events asked for and not served yet; of a spawner, tasks that may start.", func(p *part) string { return whole(p.Credit) }),
		number("Inbox", "Dealt out, and not begun.", func(p *part) string { return whole(p.Inbox) }),
		number("In hand", "Events in its handlers.", func(p *part) string { return whole(p.Hands) }),
		number("Busy", "Workers, or tasks, with something in hand, of all.", func(p *part) string { return outOf(p.Busy, p.crew()) }),
		number("Load", "Share of its workers' time with something in hand, between the last two looks at this page. Near 100 % it can do no more.", seen.load),
		seldom(number("Slice", "Events that a worker is given at once now.", func(p *part) string { return slice(p.SubscriptionSnapshot) })),
		seldom(number("Rate", "Events a second that it may begin with at most.", func(p *part) string { return limit(p.SubscriptionSnapshot) })),
		seldom(number("Held", "Workers that wait until that rate lets them begin.", func(p *part) string { return held(p.SubscriptionSnapshot) })),
		number("Done", "", func(p *part) string { return whole(p.Done) }),
		number("Failed", "", func(p *part) string { return whole(p.Failed) }),
		number("Tried again", "", func(p *part) string { return whole(p.Retried) }),
		number("Begun", "Events given to a handler, each as often as it was.", func(p *part) string { return whole(p.Begun) }),
		number("Inbox wait", "Mean time in the inbox, of those that were begun.", func(p *part) string { return mean(p.Waited, p.Begun) }),
		number("Service", "Mean time in handlers for each event and try: of calls that have ended.", func(p *part) string { return mean(p.Service, p.Done+p.Failed+p.Retried) }),
	}
}

func stageTable(s *stage.Snapshot, href func(string) string) table {
	return subject[stage.StageSnapshot]{
		all:     s.Stages,
		name:    func(x *stage.StageSnapshot) string { return x.Name },
		trouble: func(x *stage.StageSnapshot) bool { return x.Err != "" || stageState(x).trouble },
		columns: stageColumns(),
	}.fill(table{
		Title: "Stages", Note: "What each stage does.", Empty: "There is no stage.",
	}, "Stage", href)
}

func stageColumns() []column[stage.StageSnapshot] {
	type of = stage.StageSnapshot
	return []column[of]{
		word("Kind", "", func(x *of) string { return x.Kind }),
		word("State", "", told),
		word("Workers", "Workers that are there, of those that are wanted; of a spawner, tasks.", workers),
		seldom(number("Batches", "Batches of a batcher that have not left.", func(x *of) string { return only(x, "batcher", whole(x.Batches)) })),
		seldom(number("Gathered", "Events in these batches.", func(x *of) string { return only(x, "batcher", whole(x.Gathered)) })),
		seldom(number("Failures", "How often in a row its source has failed.", func(x *of) string { return only(x, "producer", whole(x.Failures)) })),
		word("Last error", "", func(x *of) string { return shortened(x.Err) }),
	}
}
