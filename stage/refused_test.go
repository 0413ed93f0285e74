package stage_test

import (
	"testing"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

// refusedQueues makes queues that are refused, one for each reason.
func refusedQueues(b *stagetest.Bubble) []*stage.Queue[int] {
	return []*stage.Queue[int]{
		queueOf(b, stage.QueueConfig{}), // its name is taken
		stage.NewQueue[int](b.Pipeline, "", stage.QueueConfig{}),
		stage.NewQueue[int](b.Pipeline, "big", stage.QueueConfig{Buffer: 10_000_001}),
		stage.NewQueue[int](b.Pipeline, "drops", stage.QueueConfig{Overflow: stage.DropOldest}),
		stage.NewQueue[int](b.Pipeline, "odd", stage.QueueConfig{Overflow: 9}),
	}
}

func TestARefusedQueueTakesNothingAndSaysWhy(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		c := one(b, "c", ok)
		stagetest.Subscribe(b, c, q)
		run := b.Start()
		for _, q := range refusedQueues(b) {
			_, err := q.PushAll(b.Context(), []int{1, 2})
			expectSetting(b, err)
			expectSetting(b, q.TryPush(1))
			expectSetting(b, q.Push(b.Context(), 1))
			expectSetting(b, q.Do(b.Context(), 1))
			expectSetting(b, q.Serve(b.Context()))
			_, err = c.Subscribe(q)
			expectSetting(b, err)
			expect(b, "it holds", q.Len(), 0)
			expectErr(b, "flush", q.Flush(b.Context()), nil)
		}
		s := b.Rest()
		expect(b, "outlets", len(s.Outlets), 1)
		expect(b, "stages", len(s.Stages), 2)
		expectErr(b, "the pipeline that runs", b.Pipeline.Err(), nil)
		stagetest.Push(b, q, 1)
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
		expect(b, "ended at", stagetest.Elapsed(), 0)
		expect(b, "done", b.Outlet("jobs").Done, 1)
	})
}

func TestARefusedStageDoesNotSpoilAPipelineThatRuns(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", ok), q)
		run := b.Start()
		for _, s := range []anyStage{
			one(b, "c", ok),
			stage.NewConsumer(b.Pipeline, "d", ok, stage.ConsumerConfig[int]{Workers: -1}),
			stage.NewSpawner(b.Pipeline, "e", ok, stage.SpawnerConfig[int]{Max: -1}),
			stage.NewProducer(b.Pipeline, "f", stage.Source[int](nil), stage.ProducerConfig{}),
		} {
			expectSetting(b, s.Serve(b.Context()))
		}
		expectErr(b, "pipeline", b.Pipeline.Err(), nil)
		expect(b, "stages", len(b.Pipeline.Snapshot().Stages), 2)
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
	})
}

func TestAPipelineRunsOnceItsRefusedStagesHaveLeft(t *testing.T) {
	inBubble(t, func(b *stagetest.Bubble) {
		q := queueOf(b, stage.QueueConfig{})
		stagetest.Subscribe(b, one(b, "c", ok), q)
		type leaver interface {
			anyStage
			Leave()
		}
		p := b.Pipeline
		for _, refused := range []func() leaver{
			func() leaver { return one(b, "c", ok) },
			func() leaver { return stage.NewConsumer(p, "d", ok, stage.ConsumerConfig[int]{Workers: -1}) },
			func() leaver { return stage.NewSpawner(p, "e", ok, stage.SpawnerConfig[int]{Max: -1}) },
			func() leaver { return stage.NewProducer(p, "f", stage.Source[int](nil), stage.ProducerConfig{}) },
			func() leaver { return queueOf(b, stage.QueueConfig{}) },
		} {
			s := refused()
			expectSetting(b, p.Err())
			expectSetting(b, p.Run(b.Context()))
			s.Leave()
			expectErr(b, "pipeline without "+s.Name(), p.Err(), nil)
		}
		expect(b, "stages", len(b.Pipeline.Snapshot().Stages), 2)
		run := b.Start()
		stagetest.Push(b, q, 1)
		b.Drain()
		expectErr(b, "run", run.Wait(), nil)
		expect(b, "done", b.Outlet("jobs").Done, 1)
	})
}

func TestAnEndModeThatThereIsNotIsRefused(t *testing.T) {
	for _, mode := range []stage.EndMode{stage.Permanent + 1, 255} {
		p := stage.New("p", stage.Config{})
		expectSetting(t, stage.NewConsumer(p, "c", ok, stage.ConsumerConfig[int]{OnEnd: mode}).Serve(t.Context()))
		expectSetting(t, stage.NewSpawner(p, "s", ok, stage.SpawnerConfig[int]{OnEnd: mode}).Serve(t.Context()))
		expectSetting(t, p.Err())
	}
}
