package lab

import (
	"github.com/affluxlab/afflux"
	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/observer"
	"github.com/affluxlab/afflux/internal/part1"
	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/stage"
)

// rooms are packages in words, for who asks where goroutines are.
var rooms = map[string]string{
	"internal/resource":  "the mock resource",
	"internal/part1":     "part 1",
	"internal/part2":     "part 2",
	"stage":              "the pipeline: waits for events",
	"supervise":          "a supervisor",
	"internal/web":       "the server",
	"internal/live":      "the stream of a page",
	"internal/telemetry": "the recorder",
	"internal/observer":  "the observer",
	"internal/profile":   "the observer",
	"internal/lab":       "the lab",
}

// observed is what the observer is handed of the lab.
func (l *Lab) observed() observer.Config {
	c := observer.Config{
		Tree: l.Tree, Kill: l.Kill, Facts: l.facts, Module: module, Rooms: rooms, Source: afflux.Source(), Log: l.log,
		Switches: map[string]observer.Switch{"producer": {
			Pause:  func() { l.do("pause") },
			Resume: func() { l.do("resume") },
			Paused: func() bool { return l.part2.Snapshot().Paused },
		}},
	}
	if web.Exposed(l.settings.Server.Addr) {
		c.Off = "off while other machines can reach the lab: it listens on " + l.settings.Server.Addr
	}
	return c
}

// facts are what the rooms tell of their nodes in the tree.
func (l *Lab) facts() map[string]observer.Facts {
	l.epochs.RLock() // so that no reset comes in between
	defer l.epochs.RUnlock()
	used := l.mock.Snapshot()
	all := map[string]observer.Facts{
		"http":          {Doing: count(l.server.Conns(), "connection") + " open", Loss: "Requests in hand get a second, then their connections are closed; for that long nobody is answered."},
		"mock-resource": resourceFacts(used),
		"part1":         l.partFacts(l.part1.Snapshot(), used),
		"telemetry":     {Doing: "keeps the recorder, the stream and the observer", Loss: "For a moment nothing is recorded, and pages are not told what changes."},
		"recorder":      {Doing: "takes a sample every 20 ms", More: []observer.Fact{{Label: "kept", Value: recorded(l.recorder.Reach())}}, Loss: "What was recorded is kept; a few samples are missed."},
		"stream":        {Doing: count(l.site.Viewers(), "viewer"), Loss: "Viewers stay, and are told nothing until it runs again."},
		"observer":      {Doing: "keeps the figures of the last minute", Loss: "A census or two is missed; the flight recorder is switched off."},
	}
	pipelineFacts(all, l.part2.Snapshot())
	return all
}

// count says how many there are: "1 use", "3,000 uses".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return live.Count(uint64(n)).Text + " " + what
}

func resourceFacts(s resource.Snapshot) observer.Facts {
	f := observer.Facts{
		Doing: count(s.All.InFlight, "use") + " going on", Queue: s.All.Waiting, Queued: "in line for a place",
		Works: true, Counts: true, Busy: s.Work.Area, Slots: s.Settings.Limit, Done: s.All.Finished,
		Wait:    observer.Sum{Count: s.Work.Stood, Seconds: s.Work.Waited},
		Service: observer.Sum{Count: s.All.Finished + s.All.Failed, Seconds: s.Work.Lasted},
		More: []observer.Fact{
			{Label: "one use", Value: live.Duration(s.Settings.Latency) + ", " + string(s.Settings.Distribution)},
			{Label: "limit", Value: limit(s.Settings.Limit)},
			{Label: "peak", Value: live.Count(uint64(s.All.Peak)).Text},
			{Label: "rejected", Value: live.Count(s.All.Rejected).Text},
		},
		Loss: "Uses that are going on fail: requests of part 1 are answered 503 or their work is counted as failed, events of part 2 are tried again.",
	}
	for _, c := range s.Callers {
		f.More = append(f.More, observer.Fact{Label: "uses by " + c.Name, Value: live.Count(c.Now.Started).Text})
	}
	return f
}

func (l *Lab) partFacts(s part1.Snapshot, used resource.Snapshot) observer.Facts {
	f := observer.Facts{
		Doing: count(l.part1.Open(), "piece") + " of work open", Counts: true,
		Loss: "Async work that is under way is cancelled and counted as failed; it was answered OK.",
	}
	for _, e := range s.Endpoints {
		f.Done += used.Caller(e.Name).Now.Finished // an OK is not the end of async work
		f.More = append(f.More, observer.Fact{Label: e.Name, Value: count(int(e.Now.Requests), "request") + ", " + live.Count(e.Now.OK).Text + " OK"})
	}
	return f
}

func pipelineFacts(all map[string]observer.Facts, s part2.Snapshot) {
	all["part2"] = observer.Facts{
		Doing: count(s.InSystem(), "event") + " in the system",
		Loss:  "Events in hand run again: at least once. What waits stays in the queue, which outlives its nodes.",
	}
	all["producer"] = observer.Facts{
		Doing: producing(s), Queue: s.Buffer + s.Delayed, Queued: "events that wait in the queue, or to be tried again", Counts: true, Done: s.Done + s.Failed,
		Wait: observer.Sum{Count: s.BufferWait.Count, Seconds: s.BufferWait.Sum.Seconds()},
		More: []observer.Fact{
			{Label: "room for", Value: count(s.Capacity, "event")},
			{Label: "demand not met", Value: live.Count(uint64(s.Credit)).Text},
			{Label: "enqueued", Value: live.Count(s.Accepted).Text},
			{Label: "refused", Value: live.Count(s.Rejected).Text},
		},
		Loss: "Nothing is lost and nobody is refused: the queue outlives the node that serves it.",
	}
	for _, sub := range s.Subscriptions {
		all[sub.Stage] = takerFacts(sub, s.Settings.Concurrency)
	}
}

func producing(s part2.Snapshot) string {
	switch {
	case s.Paused:
		return "paused: hands nothing out"
	case s.State != stage.OutletOpen:
		return "drains: takes no new events"
	case s.Buffer > 0:
		return "waits for demand"
	}
	return "hands out what comes"
}

func takerFacts(sub stage.SubscriptionSnapshot, concurrency int) observer.Facts {
	f := observer.Facts{
		Doing: "waits for events", Queue: sub.Inbox, Queued: "events in its inbox", Works: true, Slots: sub.Workers,
		Counts: true, Busy: sub.Occupied.Seconds(), Done: sub.Done,
		Wait:    observer.Sum{Count: sub.Begun, Seconds: sub.Waited.Seconds()},
		Service: observer.Sum{Count: sub.Done + sub.Failed + sub.Retried, Seconds: sub.Service.Seconds()},
		More: []observer.Fact{
			{Label: "pending demand", Value: live.Count(uint64(sub.Credit)).Text},
			{Label: "failed", Value: live.Count(sub.Failed).Text},
			{Label: "tried again", Value: live.Count(sub.Retried).Text},
		},
		Loss: "What it has in hand runs again: at least once. Its inbox goes back to the queue.",
	}
	if !sub.Prefetch {
		f.Queued, f.Wait = "", observer.Sum{}
	}
	if sub.Stage == part2.SupervisorName {
		f.Slots = concurrency
	}
	if sub.Busy > 0 {
		f.Doing = "handles " + count(sub.Hands, "event")
	}
	if sub.Leaving {
		f.Doing += ", then leaves"
	}
	return f
}
