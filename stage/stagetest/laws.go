package stagetest

import (
	"errors"
	"fmt"

	"github.com/affluxlab/afflux/stage"
)

// Laws says how s breaks the laws of pipelines, or nil.
//
// The first holds at every moment, in each outlet: all that was accepted is
// somewhere, once, and what the subscriptions hold is what the outlet says they
// hold.
//
// The second holds at rest only: no event waits while somebody could take it. It
// is what a pipeline that has stalled breaks.
func Laws(s stage.Snapshot, atRest bool) error {
	var errs []error
	for i := range s.Outlets {
		o := &s.Outlets[i]
		errs = append(errs, booksOf(o))
		if atRest {
			errs = append(errs, stallOf(o))
		}
	}
	return errors.Join(errs...)
}

// booksOf checks the first law.
func booksOf(o *stage.OutletSnapshot) error {
	sum := o.Done + o.Failed + o.Dropped + uint64(o.InSystem())
	if o.Accepted != sum {
		return fmt.Errorf("outlet %s: %d accepted, but %d done + %d failed + %d dropped + %d delayed + %d in the buffer + %d in inboxes + %d in hand = %d",
			o.Name, o.Accepted, o.Done, o.Failed, o.Dropped, o.Delayed, o.Buffer, o.Inboxes, o.Hands, sum)
	}
	var inboxes, hands, credit int
	for i := range o.Subscriptions {
		sub := &o.Subscriptions[i]
		if least := min(sub.Inbox, sub.Hands, sub.Credit, sub.Idle); least < 0 && !spawns(sub) {
			return fmt.Errorf("outlet %s: a number of stage %s is below zero: %+v", o.Name, sub.Stage, *sub)
		}
		inboxes += sub.Inbox
		hands += sub.Hands
		if sub.Prefetch {
			credit += sub.Credit
		}
	}
	switch {
	case inboxes != o.Inboxes:
		return fmt.Errorf("outlet %s: %d in inboxes, those of its subscriptions hold %d", o.Name, o.Inboxes, inboxes)
	case hands != o.Hands:
		return fmt.Errorf("outlet %s: %d in hand, its subscriptions have %d", o.Name, o.Hands, hands)
	case credit != o.Credit:
		return fmt.Errorf("outlet %s: %d asked for, its subscriptions ask for %d", o.Name, o.Credit, credit)
	}
	return nil
}

// spawns tells a spawner whose limit was lowered: its slots may be below zero.
func spawns(sub *stage.SubscriptionSnapshot) bool { return !sub.Prefetch && sub.Credit != 0 }

// stallOf checks the second law.
func stallOf(o *stage.OutletSnapshot) error {
	if o.Paused {
		return nil
	}
	if room := o.Capacity - o.Buffer - o.Delayed; o.Pushers > 0 && room > 0 && o.Partitions == 0 {
		return fmt.Errorf("outlet %s has stalled: %d pushers wait, and there is room for %d", o.Name, o.Pushers, room)
	}
	lazy := 0 // subscriptions whose idle workers are among o.Idle
	for i := range o.Subscriptions {
		if sub := &o.Subscriptions[i]; sub.Attached && !sub.Prefetch {
			lazy++
		}
	}
	for i := range o.Subscriptions {
		sub := &o.Subscriptions[i]
		idle := sub.Idle > 0 || lazy == 1 && !sub.Prefetch && o.Idle > 0
		switch {
		case !sub.Attached:
		case sub.Inbox > 0 && idle:
			return fmt.Errorf("outlet %s has stalled: %d wait in the inbox of %s, where a worker is idle", o.Name, sub.Inbox, sub.Stage)
		case !sub.Prefetch && sub.Held > 0: // a spawner that its rate holds up
		case o.Buffer > o.Blocked && sub.Credit > 0:
			return fmt.Errorf("outlet %s has stalled: %d wait in the buffer, and %s asks for %d", o.Name, o.Buffer, sub.Stage, sub.Credit)
		}
	}
	if free := o.Buffer - o.Blocked; free > 0 && lazy > 0 && o.Idle > 0 {
		return fmt.Errorf("outlet %s has stalled: %d wait in the buffer, and %d workers are idle", o.Name, free, o.Idle)
	}
	return nil
}

// Monotone says which count has fallen between two snapshots of one pipeline, or
// nil. After [stage.Pipeline.Reset] counts begin anew: compare no snapshot from
// before it.
func Monotone(before, after stage.Snapshot) error {
	var errs []error
	if after.At.Before(before.At) {
		errs = append(errs, fmt.Errorf("the second snapshot is of %v before the first", before.At.Sub(after.At)))
	}
	then := make(map[string]*stage.OutletSnapshot, len(before.Outlets))
	for i := range before.Outlets {
		then[before.Outlets[i].Name] = &before.Outlets[i]
	}
	for i := range after.Outlets {
		if old := then[after.Outlets[i].Name]; old != nil {
			errs = append(errs, fallen(old, &after.Outlets[i]))
		}
	}
	return errors.Join(errs...)
}

func fallen(old, now *stage.OutletSnapshot) error {
	for _, count := range []struct {
		name      string
		old, then uint64
	}{
		{"accepted", old.Accepted, now.Accepted},
		{"done", old.Done, now.Done},
		{"failed", old.Failed, now.Failed},
		{"dropped", old.Dropped, now.Dropped},
		{"rejected", old.Rejected, now.Rejected},
		{"retried", old.Retried, now.Retried},
	} {
		if count.then < count.old {
			return fmt.Errorf("outlet %s: %s has fallen from %d to %d", now.Name, count.name, count.old, count.then)
		}
	}
	return nil
}
