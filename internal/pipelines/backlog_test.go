package pipelines

import (
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// behind is a queue where 12 events wait, before a stage of each name, which serves with one
// worker that has nothing in hand.
func behind(takers ...string) *stage.Snapshot {
	s := &stage.Snapshot{Outlets: []stage.OutletSnapshot{{Name: "jobs", Capacity: 50, Buffer: 12, Oldest: 3 * time.Second}}}
	for _, name := range takers {
		s.Stages = append(s.Stages, stage.StageSnapshot{Name: name, Kind: "consumer", Target: 1})
		s.Outlets[0].Subscriptions = append(s.Outlets[0].Subscriptions, stage.SubscriptionSnapshot{Stage: name, Attached: true, Workers: 1})
	}
	return s
}

func TestWhatWaitsIsSaidWithTheReasonThatTheSnapshotShows(t *testing.T) {
	const here = "Most waits in jobs: 12 in its buffer of 50, the first for 3 s."
	for name, c := range map[string]struct {
		takers []string
		change func(o *stage.OutletSnapshot, subs []stage.SubscriptionSnapshot)
		want   string
	}{
		"nothing":    {[]string{"a"}, func(o *stage.OutletSnapshot, _ []stage.SubscriptionSnapshot) { o.Buffer = 0 }, "Nothing waits."},
		"no reason":  {[]string{"a"}, func(*stage.OutletSnapshot, []stage.SubscriptionSnapshot) {}, here},
		"paused":     {[]string{"a"}, func(o *stage.OutletSnapshot, _ []stage.SubscriptionSnapshot) { o.Paused = true }, here + " It is paused."},
		"nobody":     {nil, func(*stage.OutletSnapshot, []stage.SubscriptionSnapshot) {}, here + " Nobody takes from it."},
		"not served": {[]string{"a"}, func(_ *stage.OutletSnapshot, s []stage.SubscriptionSnapshot) { s[0].Attached = false }, here + " a is not served."},
		"busy": {[]string{"a", "b", "c"}, func(_ *stage.OutletSnapshot, s []stage.SubscriptionSnapshot) {
			s[0].Busy, s[1].Busy, s[2].Busy = 1, 1, 1
		}, here + " All 3 workers are busy."},
		"rate":          {[]string{"a"}, func(_ *stage.OutletSnapshot, s []stage.SubscriptionSnapshot) { s[0].Rate, s[0].Held = 5, 1 }, here + " a may begin with 5/s at most."},
		"by hand":       {[]string{"a"}, func(_ *stage.OutletSnapshot, s []stage.SubscriptionSnapshot) { s[0].Prefetch, s[0].Manual = true, true }, here + " a has not been told to ask for more."},
		"one partition": {[]string{"a"}, func(o *stage.OutletSnapshot, _ []stage.SubscriptionSnapshot) { o.Partitions, o.Blocked = 4, 12 }, here + " All in the buffer wait behind an event of their partition."},
		"one inbox": {[]string{"a", "b", "c"}, func(o *stage.OutletSnapshot, s []stage.SubscriptionSnapshot) {
			o.Buffer, o.Inboxes, s[0].Inbox, s[0].Busy = 0, 994, 994, 1
		}, "Most waits in jobs: 994 in inboxes. 994 are in the inbox of a; b, c have nothing to do."},
		"all inboxes": {[]string{"a", "b"}, func(o *stage.OutletSnapshot, s []stage.SubscriptionSnapshot) {
			o.Inboxes, s[0].Inbox, s[0].Busy, s[1].Inbox, s[1].Busy = 20, 10, 1, 10, 1
		}, "Most waits in jobs: 12 in its buffer of 50, the first for 3 s; 20 in inboxes. Both workers are busy."},
		"tried again": {[]string{"a"}, func(o *stage.OutletSnapshot, _ []stage.SubscriptionSnapshot) { o.Buffer, o.Delayed = 0, 6 },
			"Most waits in jobs: 6 to be tried again later. All of them have failed before."},
		"many reasons": {[]string{"a", "b", "c"}, func(_ *stage.OutletSnapshot, s []stage.SubscriptionSnapshot) {
			for i := range s {
				s[i].Rate, s[i].Held = 5, 1
			}
		}, here + " a may begin with 5/s at most; b may begin with 5/s at most; and so on."},
	} {
		s := behind(c.takers...)
		c.change(&s.Outlets[0], s.Outlets[0].Subscriptions)
		if got := newGraph(s).most(); got != c.want {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}

func TestAStageThatWaitsForRoomOrDemandIsTheReason(t *testing.T) {
	s := behind("parse")
	s.Stages[0].Kind = "transform"
	s.Outlets = append(s.Outlets, stage.OutletSnapshot{Name: "parse", FedBy: []string{"parse"}}, stage.OutletSnapshot{Name: "parse/dead-letters", FedBy: []string{"parse"}, Want: 1})
	if got, want := newGraph(s).why(&s.Outlets[0]), "parse rests, since nobody wants more of what it makes."; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	s.Stages[0].Kind, s.Outlets[1].Name, s.Outlets[1].Pushers = "consumer", "mails", 1
	if got, want := newGraph(s).why(&s.Outlets[0]), "parse waits for room in mails."; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	s.Outlets[1].Pushers = 0
	if got := newGraph(s).why(&s.Outlets[0]); got != "" {
		t.Errorf("a consumer takes whatever is wanted of what it feeds, but: %q", got)
	}
}

func TestAnOutletThatIsPausedAndClosedSaysBoth(t *testing.T) {
	o := &stage.OutletSnapshot{Paused: true, State: stage.OutletClosed}
	if got := outletState(o).word; got != "paused, closed" {
		t.Error(got)
	}
}
