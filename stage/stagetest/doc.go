// Package stagetest is for tests of pipelines made with package stage: it runs
// them in virtual time, records what their handlers were given, and checks after
// each step that nothing was lost and that nothing is stuck.
//
// A test calls [Run], which gives it a [Bubble]: a fresh pipeline in a bubble of
// [testing/synctest], where an hour takes no time and every run is alike. It makes
// its stages on that pipeline, starts them, lets time pass, and looks:
//
//	func TestWorkersThatComeLateHelp(t *testing.T) {
//		stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
//			var seen stagetest.Record[int]
//			jobs := stage.NewQueue[int](b.Pipeline, "jobs", stage.QueueConfig{})
//			work := stage.NewConsumer(b.Pipeline, "work",
//				seen.Handle("work", stagetest.Work[int](500*time.Millisecond)),
//				stage.ConsumerConfig[int]{Workers: 3})
//			stagetest.Subscribe(b, work, jobs)
//			stagetest.Push(b, jobs, stagetest.Ints(1, 120)...)
//
//			run := b.Start()
//			b.Advance(10 * time.Second) // 3 workers · 20 events
//			if left := b.Outlet("jobs").Buffer; left != 57 {
//				b.Errorf("%d jobs wait after 10 s, want 57, and 3 in hand", left)
//			}
//			if err := work.Resize(6); err != nil {
//				b.Fatal(err)
//			}
//			b.Drain()
//			if err := run.Wait(); err != nil || stagetest.Elapsed() != 15*time.Second {
//				b.Errorf("ended at %v with %v, want 15s and no error", stagetest.Elapsed(), err)
//			}
//			if most := seen.Most(); most != 6 {
//				b.Errorf("%d handlers ran at once, want 6", most)
//			}
//		})
//	}
//
// # What is there
//
//   - [Bubble.Start] runs the whole pipeline, [Bubble.Serve] a single stage, and
//     [Bubble.Go] anything else that blocks, in the background; each returns a
//     [Task] to cancel it and to see how it ended. What still runs when the test
//     returns is cancelled and waited for.
//   - [Bubble.Rest] waits until nothing happens any more without time passing,
//     [Bubble.Advance] and [Bubble.At] let time pass first. All of them then check
//     [Laws]. [Monotone] compares two snapshots.
//   - A [Record] notes what handlers were given: events, slices, when, by whom.
//   - [Work], [WorkFor], [Fail], [Panic], [Goexit], [When], [Chain] and [Gate] are
//     handlers; [Each] makes a slice handler of one.
//   - A [Script] is a source that does what it is told, step by step, and notes
//     what it was asked for.
//
// # When not to use it
//
// Not for handlers that do real input and output: a bubble's time stands still
// while a goroutine waits for a network or a file. Not for measuring: nothing
// takes time here but what says so. A goroutine in a bubble may not block on a
// mutex that is held while time passes; synctest then waits for ever, so give go
// test a -timeout.
package stagetest
