package stage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestADrainDoesNotWaitForDeadLettersOfAStoppedStageForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{Logger: quiet()})
		stopped := stage.NewConsumer(p, "stopped", ok, stage.ConsumerConfig[int]{})
		stopped.DeadLetters() // made before the queue is
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		works := stage.NewConsumer(p, "works", func(context.Context, int) error { time.Sleep(time.Second); return nil }, stage.ConsumerConfig[int]{})
		_, err := stopped.Subscribe(q)
		_, err2 := works.Subscribe(q)
		must(t, err, err2, q.TryPush(1))
		ended := served(t.Context(), works.Serve)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		must(t, p.Drain(ctx), <-ended)
	})
}

// Drain's contract: it waits until "the stages have ended".
func TestDrainReturnsOnlyWhenItsStagesHaveEnded(t *testing.T) {
	for range 200 {
		p := stage.New("p", stage.Config{})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(context.Context, int) error { return nil }, stage.ConsumerConfig[int]{})
		if _, err := c.Subscribe(q); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		if err := q.Do(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if err := p.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Snapshot().Stages {
			if s.State != stage.StateDone {
				t.Errorf("after Drain %s is %v, want done", s.Name, s.State)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
}

func TestRunAfterADrainThatRanOutTellsOnlyWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stage.New("p", stage.Config{})
		q := stage.NewQueue[int](p, "q", stage.QueueConfig{})
		c := stage.NewConsumer(p, "c", func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, stage.ConsumerConfig[int]{})
		if _, err := c.Subscribe(q); err != nil {
			t.Fatal(err)
		}
		if err := q.TryPush(1); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain: %v", err)
		}
		err := <-done
		drain, ok := errors.AsType[*stage.DrainError](err)
		if !ok {
			t.Fatalf("Run: %v, want a DrainError", err)
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != 1 {
			t.Errorf("Run tells %d things, want what is left alone:\n%v", len(lines), err)
		}
		if !errors.Is(drain.Cause, context.DeadlineExceeded) {
			t.Errorf("its cause is %q, want what ended the drain", drain.Cause)
		}
	})
}

func TestADrainAfterRunSaysWhatIsLeft(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		fails := stagetest.Chain(stagetest.Work[int](time.Second), stagetest.Fail[int](-1, stagetest.ErrPlanned))
		c := stage.NewConsumer(b.Pipeline, "c", fails, stage.ConsumerConfig[int]{OnError: always(stage.Stop)})
		stagetest.Subscribe(b, c, q)
		stagetest.Push(b, q, 1, 2, 3)
		run := b.Start()
		during := b.Go(b.Pipeline.Drain)
		expectErr(b, "run", run.Wait(), stagetest.ErrPlanned)
		b.Rest()
		for name, err := range map[string]error{"during": during.Wait(), "after": b.Pipeline.Drain(context.Background())} {
			var left *stage.DrainError
			expectAs(b, name, err, &left)
			expect(b, name+", left", left.Left, []stage.Left{{Outlet: "jobs", Buffer: 3}})
		}
		expect(b, "ended at", stagetest.Elapsed(), time.Second)
	})
}

func TestADrainAfterRunThatLeftNothingIsQuiet(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", ok), q)
		run := b.Start()
		q.Close()
		expectErr(b, "run", run.Wait(), nil)
		expectErr(b, "drain", b.Pipeline.Drain(context.Background()), nil)
	})
}

func TestWhatIsMadeDuringADrainEnds(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", stagetest.Work[int](time.Second)), q)
		stagetest.Push(b, q, 1, 2, 3)
		run := b.Start()
		drain := b.Go(b.Pipeline.Drain)
		late := stage.NewQueue[int](b.Pipeline, "late", stage.QueueConfig{})
		source := stage.NewProducer(b.Pipeline, "source", stagetest.Count(stagetest.Block()), stage.ProducerConfig{})
		expectErr(b, "push", late.TryPush(1), stage.ErrClosed)
		taker := one(b, "taker", ok)
		stagetest.Subscribe(b, taker, late)
		stagetest.Subscribe(b, taker, source)
		one(b, "idle", ok)
		stage.NewSpawner(b.Pipeline, "spawner", ok, stage.SpawnerConfig[int]{OnEnd: stage.Temporary})
		expectErr(b, "drain", drain.Wait(), nil)
		expectErr(b, "run", run.Wait(), nil)
		expect(b, "ended at", stagetest.Elapsed(), 3*time.Second)
		for _, s := range b.Rest().Stages {
			expect(b, s.Name, s.State, stage.StateDone)
		}
	})
}
