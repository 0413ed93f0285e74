package stage_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestAfterAResetTheRateIsOfWhatComesThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		_, err := q.PushAll(t.Context(), make([]int, 500))
		must(t, err)
		time.Sleep(time.Minute)
		p.Reset()
		time.Sleep(time.Second)
		if o := p.Snapshot().Outlets[0]; o.RateIn != 0 || o.Accepted != 500 {
			t.Errorf("%v a second came in, %d are there", o.RateIn, o.Accepted)
		}
	})
}

func TestARateIsToldThoughNobodyLookedForALongTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{Buffer: 10_000})
		for range 1000 {
			time.Sleep(10 * time.Millisecond)
			must(t, q.TryPush(1))
		}
		if o := p.Snapshot().Outlets[0]; o.RateIn < 90 || o.RateIn > 110 {
			t.Errorf("%v a second, want about 100", o.RateIn)
		}
	})
}

func TestASnapshotCountsThoseWhoWaitForRoom(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{Buffer: 2})
		push := func(evs ...int) *stagetest.Task {
			return b.Go(func(ctx context.Context) error { _, err := q.PushAll(ctx, evs); return err })
		}
		push(1)
		first := push(2, 3, 4) // one of three is in
		second := push(5)
		expect(b, "pushers", b.Outlet("jobs").Pushers, 2)
		expect(b, "accepted", b.Outlet("jobs").Accepted, 2)
		expectErr(b, "one gives up", first.Stop(errKilled), errKilled)
		expect(b, "pushers", b.Outlet("jobs").Pushers, 1)
		b.Serve(takes(b, q, "c", ok))
		expectErr(b, "the other", second.Wait(), nil)
		expect(b, "pushers", b.Outlet("jobs").Pushers, 0)
	})
}

func TestASubscriptionTellsHowLongItsWorkersHaveBeenAtItAndEventsWaitedForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(ctx context.Context, _ int) error { time.Sleep(10 * time.Second); return nil }, stage.ConsumerConfig[int]{Workers: 2})
		_, err := c.Subscribe(q, stage.Demand(100, 50))
		must(t, err)
		_, err = q.PushAll(t.Context(), make([]int, 6))
		must(t, err)
		ended := make(chan error)
		go func() { ended <- p.Run(t.Context()) }()
		time.Sleep(13 * time.Second) // two are done, two are at work
		s := p.Snapshot().Outlets[0].Subscriptions[0]
		if s.Service != 20*time.Second || s.Occupied != 26*time.Second || s.Begun != 4 || s.Waited != 20*time.Second {
			t.Errorf("%+v", s)
		}
		p.Reset()
		if s := p.Snapshot().Outlets[0].Subscriptions[0]; s.Service != 0 || s.Occupied != 0 || s.Begun != 0 || s.Waited != 0 {
			t.Errorf("after a reset: %+v", s)
		}
		time.Sleep(8 * time.Second) // those two are done, and the last two at work
		if s := p.Snapshot().Outlets[0].Subscriptions[0]; s.Occupied != 16*time.Second {
			t.Errorf("8 s later: %+v", s)
		}
		q.Close()
		must(t, <-ended)
	})
}

func TestWordsForWhatThereIsNot(t *testing.T) {
	expect(t, "words", []string{
		stage.State(99).String(), stage.OutletState(99).String(), stage.OverflowMode(99).String(), stage.Action(99).String(),
	}, []string{"unknown state", "unknown state", "unknown mode", "unknown action"})
	expect(t, "the last ones that there are", []string{
		stage.StateStopped.String(), stage.OutletEnded.String(), stage.DropNewest.String(), stage.Stop.String(),
	}, []string{"stopped", "ended", "drop newest", "stop"})
	text, err := json.Marshal(stage.Snapshot{Stages: []stage.StageSnapshot{{State: 255}}, Outlets: []stage.OutletSnapshot{{State: 255}}})
	must(t, err)
	if n := strings.Count(string(text), `"unknown state"`); n != 2 {
		t.Errorf("%d unknown states in %s", n, text)
	}
}
