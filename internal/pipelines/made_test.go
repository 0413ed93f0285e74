package pipelines_test

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// made is a snapshot in the making, by hand.
type made struct{ stage.Snapshot }

func begin() *made { return &made{stage.Snapshot{At: time.Unix(1000, 0)}} }

// stage adds a stage that runs.
func (m *made) stage(name, kind string, workers int) *made {
	m.Stages = append(m.Stages, stage.StageSnapshot{Name: name, Kind: kind, State: stage.StateRunning, Workers: workers, Target: workers})
	return m
}

// outlet adds an outlet with those that feed it.
func (m *made) outlet(name string, fedBy ...string) *made {
	m.Outlets = append(m.Outlets, stage.OutletSnapshot{Name: name, FedBy: fedBy, Capacity: 1000})
	return m
}

// queue adds an outlet with the stage that serves it.
func (m *made) queue(name string, fedBy ...string) *made {
	return m.stage(name, "queue", 0).outlet(name, fedBy...)
}

// takes lets a stage take from the newest outlet.
func (m *made) takes(name string, change ...func(*stage.SubscriptionSnapshot)) *made {
	sub := stage.SubscriptionSnapshot{Stage: name, Max: 1, Attached: true, Workers: 1}
	for _, c := range change {
		c(&sub)
	}
	o := &m.Outlets[len(m.Outlets)-1]
	o.Subscriptions = append(o.Subscriptions, sub)
	return m
}

func ahead(inbox int) func(*stage.SubscriptionSnapshot) {
	return func(s *stage.SubscriptionSnapshot) {
		s.Prefetch, s.Max, s.Min, s.Inbox, s.Credit = true, 1000, 500, inbox, 1000-inbox
	}
}

// crawl has all kinds of nodes: a source, a transform with its dead letters, a fan-out, and a
// queue that two stages feed.
func crawl() *made {
	m := begin().stage("pages", "producer", 0).outlet("pages").takes("parse")
	m.stage("parse", "transform", 4).outlet("parse", "parse")
	for i := range 3 {
		m.takes(fmt.Sprintf("index-%d", i+1), ahead(10*i))
	}
	m.takes("archive")
	for i := range 3 {
		m.stage(fmt.Sprintf("index-%d", i+1), "consumer", 2)
	}
	m.stage("archive", "spawner", 8)
	m.outlet("parse/dead-letters", "parse").takes("bury")
	m.stage("bury", "consumer", 1)
	m.queue("reports", "index-1", "index-2").takes("report").stage("report", "consumer", 1)
	return m
}

// wide is a queue with so many consumers.
func wide(consumers int) *made {
	m := begin().queue("jobs")
	for i := range consumers {
		m.takes(fmt.Sprintf("worker-%d", i+1), ahead(i))
	}
	for i := range consumers {
		m.stage(fmt.Sprintf("worker-%d", i+1), "consumer", 1)
	}
	return m
}

// long is a chain of so many transforms behind a queue.
func long(transforms int) *made {
	m := begin().queue("step-0")
	for i := range transforms {
		name := fmt.Sprintf("step-%d", i+1)
		m.takes(name).stage(name, "transform", 1).outlet(name, name)
	}
	return m
}
