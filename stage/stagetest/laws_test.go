package stagetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// sound is a snapshot that keeps both laws.
func sound() stage.Snapshot {
	return stage.Snapshot{Outlets: []stage.OutletSnapshot{{
		Name: "jobs", Accepted: 28, Done: 1, Failed: 2, Dropped: 3, Delayed: 4, Buffer: 5, Inboxes: 6, Hands: 7, Rejected: 9, Retried: 9,
		Subscriptions: []stage.SubscriptionSnapshot{
			{Stage: "a", Attached: true, Prefetch: true, Inbox: 6, Hands: 3},
			{Stage: "b", Attached: true, Hands: 4},
		},
	}}}
}

func TestLaws(t *testing.T) {
	for _, c := range []struct {
		name   string
		break_ func(o *stage.OutletSnapshot)
		atRest string // what is said at rest; "" if nothing is wrong
		always string
	}{
		{"all is well", func(o *stage.OutletSnapshot) {}, "", ""},
		{"one is lost", func(o *stage.OutletSnapshot) { o.Done-- }, "28 accepted, but 0 done", "28 accepted"},
		{"one is there twice", func(o *stage.OutletSnapshot) { o.Buffer++ }, "= 29", "= 29"},
		{"inboxes differ", func(o *stage.OutletSnapshot) { o.Subscriptions[0].Inbox-- }, "6 in inboxes", "6 in inboxes"},
		{"hands differ", func(o *stage.OutletSnapshot) { o.Subscriptions[1].Hands++ }, "7 in hand", "7 in hand"},
		{"credit differs", func(o *stage.OutletSnapshot) { o.Credit++ }, "1 asked for", "1 asked for"},
		{"credit below zero", func(o *stage.OutletSnapshot) { o.Subscriptions[0].Credit-- }, "below zero", "below zero"},
		{"a lowered limit of slots", func(o *stage.OutletSnapshot) { o.Subscriptions[1].Credit-- }, "", ""},
		{"demand is not served", func(o *stage.OutletSnapshot) {
			o.Credit, o.Subscriptions[0].Credit = 1, 1
		}, "has stalled: 5 wait in the buffer, and a asks", ""},
		{"a slot is free", func(o *stage.OutletSnapshot) { o.Subscriptions[1].Credit = 2 }, "b asks for 2", ""},
		{"a worker is idle", func(o *stage.OutletSnapshot) { o.Idle = 1 }, "1 workers are idle", ""},
		{"a worker with an inbox is idle", func(o *stage.OutletSnapshot) { o.Subscriptions[0].Idle = 1 }, "wait in the inbox of a", ""},
		{"the inbox of one that was prefetching", func(o *stage.OutletSnapshot) {
			o.Accepted, o.Buffer, o.Idle = 23, 0, 1
			o.Subscriptions = []stage.SubscriptionSnapshot{{Stage: "a", Attached: true, Inbox: 6, Hands: 7}}
		}, "wait in the inbox of a", ""},
		{"a pause", func(o *stage.OutletSnapshot) { o.Idle, o.Paused = 1, true }, "", ""},
		{"a pusher waits for no room", func(o *stage.OutletSnapshot) { o.Pushers, o.Capacity = 1, 9 }, "", ""},
		{"a pusher waits though there is room", func(o *stage.OutletSnapshot) { o.Pushers, o.Capacity = 1, 10 }, "1 pushers wait, and there is room for 1", ""},
		{"nobody serves", func(o *stage.OutletSnapshot) {
			o.Subscriptions[1].Attached, o.Subscriptions[1].Credit, o.Idle = false, 3, 1
		}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sound()
			c.break_(&s.Outlets[0])
			for atRest, want := range map[bool]string{true: c.atRest, false: c.always} {
				err := stagetest.Laws(s, atRest)
				if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("at rest %v: %v, want %q", atRest, err, want)
				}
			}
		})
	}
}

func TestMonotone(t *testing.T) {
	if err := stagetest.Monotone(sound(), sound()); err != nil {
		t.Errorf("nothing has changed: %v", err)
	}
	for name, fall := range map[string]func(s *stage.Snapshot){
		"accepted":  func(s *stage.Snapshot) { s.Outlets[0].Accepted-- },
		"done":      func(s *stage.Snapshot) { s.Outlets[0].Done-- },
		"failed":    func(s *stage.Snapshot) { s.Outlets[0].Failed-- },
		"dropped":   func(s *stage.Snapshot) { s.Outlets[0].Dropped-- },
		"rejected":  func(s *stage.Snapshot) { s.Outlets[0].Rejected-- },
		"retried":   func(s *stage.Snapshot) { s.Outlets[0].Retried-- },
		"1s before": func(s *stage.Snapshot) { s.At = s.At.Add(-time.Second) },
	} {
		after := sound()
		fall(&after)
		if err := stagetest.Monotone(sound(), after); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
