package stage_test

import (
	"slices"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func Test51_SourceRestart(t *testing.T) {
	var told []stage.SourceFailed
	hook := func(e stage.Notice) {
		if failed, is := e.(stage.SourceFailed); is {
			told = append(told, failed)
		}
	}
	stagetest.Run(t, stage.Config{Hook: hook}, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		steps := []stagetest.Step{stagetest.Give(5)}
		steps = append(steps, slices.Repeat([]stagetest.Step{stagetest.Break(stagetest.ErrPlanned)}, 10)...)
		source := stagetest.Count(append(steps, stagetest.Give(5), stagetest.Block())...)
		p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](source), stage.ProducerConfig{
			BackOff: func(failures int) time.Duration { return time.Duration(failures) * time.Second },
		})
		sub := stagetest.Subscribe(b, one(b, "c", seen.Handle("c", nil)), p, stage.Demand(10, 5))
		b.Start()
		expect(b, "handled before", seen.Done(), stagetest.Ints(1, 5))
		for at, n := 0, 1; n <= 10; n++ { // the n-th failure, and n seconds until the next
			b.At(time.Duration(at)*time.Second + 500*ms)
			s := b.Stage("rows")
			expect(b, "state", s.State, stage.StateBackOff)
			expect(b, "failures", s.Failures, n)
			expect(b, "time until it is asked", s.Retry, time.Duration(n)*time.Second-500*ms)
			expect(b, "consumer", b.Stage("c").State, stage.StateRunning)
			at += n
		}
		b.At(55 * time.Second)
		s := b.Stage("rows")
		expect(b, "state", s.State, stage.StateRunning)
		expect(b, "failures", s.Failures, 0)
		expect(b, "handled", seen.Done(), stagetest.Ints(1, 10))
		select {
		case <-sub.Done():
			b.Error("the subscription has ended")
		default:
		}
	})
	expect(t, "told", len(told), 10)
	for i, failed := range told {
		expectErr(t, "failure", failed.Err, stagetest.ErrPlanned)
		expect(t, "number", failed.Failures, i+1)
	}
}

// Without a BackOff of its own a source waits 100 ms, doubled to 30 s, less up to a
// half.
func TestTheUsualBackOffDoublesToThirtySeconds(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		source := stagetest.Count(slices.Repeat([]stagetest.Step{stagetest.Break(stagetest.ErrPlanned)}, 15)...)
		stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](0)), rows(b, source))
		expectErr(b, "run", b.Start().Wait(), nil)
		asks := source.Asks()
		expect(b, "asks", len(asks), 16)
		for i, most := 1, 100*ms; i < len(asks); i, most = i+1, min(2*most, 30*time.Second) {
			if wait := asks[i].At - asks[i-1].At; wait < most/2 || wait > most {
				b.Errorf("after failure %d it waited %v, want %v to %v", i, wait, most/2, most)
			}
		}
	})
}

// A producer gives up after more than MaxFailures within Within.
func TestASourceThatFailsTooOftenFailsItsProducer(t *testing.T) {
	for _, c := range []struct {
		every time.Duration
		asks  int
		fails bool
	}{{time.Second, 4, true}, {20 * time.Second, 21, false}} {
		inBubble(t, func(b *stagetest.Bubble) {
			source := stagetest.Count(slices.Repeat([]stagetest.Step{stagetest.Break(stagetest.ErrPlanned)}, 20)...)
			p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](source), stage.ProducerConfig{
				BackOff: func(int) time.Duration { return c.every }, MaxFailures: 3, Within: 59 * time.Second,
			})
			consumer := one(b, "c", stagetest.Work[int](0))
			stagetest.Subscribe(b, consumer, p)
			b.Serve(consumer)
			err := b.Serve(p).Wait()
			if c.fails {
				expectErr(b, "serve", err, stagetest.ErrPlanned)
			} else {
				expectErr(b, "serve", err, nil)
			}
			expect(b, "asks", len(source.Asks()), c.asks)
		})
	}
}
