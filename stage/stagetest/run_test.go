package stagetest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// faulty are tests that must fail, and what they must say.
var faulty = map[string]struct {
	says string
	test func(b *stagetest.Bubble)
}{
	"a goroutine is left": {"a goroutine is left:", func(b *stagetest.Bubble) {
		go func() { select {} }()
	}},
	"a goroutine is left, and shown": {"stagetest_test.leftBehind", func(b *stagetest.Bubble) {
		go leftBehind(make(chan int))
	}},
	"the test waits for what cannot happen": {"wait for what cannot happen", func(b *stagetest.Bubble) {
		<-make(chan int)
	}},
	"a task failed and nobody asked": {"stage rows ended with an error: stage rows: source says it filled 9 of 1 events", func(b *stagetest.Bubble) {
		p := stage.NewProducer(b.Pipeline, "rows", stage.Source[int](stagetest.Count(stagetest.Claim(9))), stage.ProducerConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", stagetest.Work[int](0), stage.ConsumerConfig[int]{})
		stagetest.Subscribe(b, c, p)
		b.Serve(c)
		b.Serve(p)
	}},
	"a task does not return": {"a call has not returned within 24h0m0s", func(b *stagetest.Bubble) {
		_ = b.Go(func(context.Context) error { time.Sleep(48 * time.Hour); return nil }).Wait()
	}},
	"a task is deaf": {"a call has not returned 24h0m0s after it was cancelled", func(b *stagetest.Bubble) {
		b.Go(func(context.Context) error { time.Sleep(48 * time.Hour); return nil })
	}},
	"a drain leaves something": {"drain: ", func(b *stagetest.Bubble) {
		q := stage.NewQueue[int](b.Pipeline, "jobs", stage.QueueConfig{})
		stagetest.Push(b, q, 1)
		b.Drain()
	}},
	"a push is refused": {"push 2: stage: queue is full", func(b *stagetest.Bubble) {
		stagetest.Push(b, stage.NewQueue[int](b.Pipeline, "jobs", stage.QueueConfig{Buffer: 1}), 1, 2)
	}},
	"a wrong name": {`there is no outlet "job"`, func(b *stagetest.Bubble) { b.Outlet("job") }},
	"too late":     {"it is 1s already", func(b *stagetest.Bubble) { b.Advance(time.Second); b.At(0) }},
}

func leftBehind(c chan int) { <-c }

// asFaulty names the faulty test that this process is to run.
const asFaulty = "STAGETEST_FAULTY"

func TestWhatIsWrongFailsTheTestAndIsSaid(t *testing.T) {
	if name := os.Getenv(asFaulty); name != "" {
		stagetest.Run(t, stage.Config{}, faulty[name].test)
		return
	}
	for name, want := range faulty {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestWhatIsWrongFailsTheTestAndIsSaid$", "-test.timeout=30s")
			cmd.Env = append(os.Environ(), asFaulty+"="+name)
			out, err := cmd.CombinedOutput()
			said := string(out)
			if err == nil || !strings.Contains(said, want.says) || strings.Contains(said, "panic:") {
				t.Errorf("ended with %v, want a failure that says %q and no panic:\n%s", err, want.says, said)
			}
		})
	}
}

func TestWhatStillRunsIsEndedWithTheTest(t *testing.T) {
	var fromConsumer, fromCall error
	stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
		q := stage.NewQueue[int](b.Pipeline, "jobs", stage.QueueConfig{})
		c := stage.NewConsumer(b.Pipeline, "c", func(ctx context.Context, _ int) error {
			<-ctx.Done()
			fromConsumer = context.Cause(ctx)
			return nil
		}, stage.ConsumerConfig[int]{})
		stagetest.Subscribe(b, c, q)
		stagetest.Push(b, q, 1)
		b.Serve(c)
		b.Go(func(ctx context.Context) error {
			<-ctx.Done()
			fromCall = context.Cause(ctx)
			return fromCall
		})
	})
	if fromConsumer != stagetest.ErrOver || fromCall != stagetest.ErrOver {
		t.Errorf("told %v and %v, want ErrOver", fromConsumer, fromCall)
	}
}

func TestATaskTellsHowItEnded(t *testing.T) {
	stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
		fails := b.Go(func(context.Context) error { return stagetest.ErrPlanned })
		waits := b.Go(func(ctx context.Context) error { return stagetest.Work[int](time.Hour)(ctx, 1) })
		if !fails.Ended() || waits.Ended() {
			b.Error("a task has ended if its function has returned")
		}
		if err := fails.Wait(); err != stagetest.ErrPlanned {
			b.Errorf("ended with %v", err)
		}
		if err := waits.Stop(stagetest.ErrPlanned); err != stagetest.ErrPlanned {
			b.Errorf("stopped with %v", err)
		}
		slow := b.Go(func(ctx context.Context) error { return stagetest.Work[int](time.Hour)(ctx, 1) })
		if err := slow.Wait(); err != nil || stagetest.Elapsed() != time.Hour {
			b.Errorf("ended with %v at %v, want nil at 1h", err, stagetest.Elapsed())
		}
	})
}
