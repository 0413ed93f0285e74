package stagetest_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/stage"
	"github.com/affluxlab/afflux/stage/stagetest"
)

func TestWorkersThatComeLateHelp(t *testing.T) {
	stagetest.Run(t, stage.Config{}, func(b *stagetest.Bubble) {
		var seen stagetest.Record[int]
		jobs := stage.NewQueue[int](b.Pipeline, "jobs", stage.QueueConfig{})
		work := stage.NewConsumer(b.Pipeline, "work",
			seen.Handle("work", stagetest.Work[int](500*time.Millisecond)),
			stage.ConsumerConfig[int]{Workers: 3})
		stagetest.Subscribe(b, work, jobs)
		stagetest.Push(b, jobs, stagetest.Ints(1, 120)...)

		run := b.Start()
		b.Advance(10 * time.Second) // 3 workers · 20 events
		if left := b.Outlet("jobs").Buffer; left != 57 {
			b.Errorf("%d jobs wait after 10 s, want 57, and 3 in hand", left)
		}
		if err := work.Resize(6); err != nil {
			b.Fatal(err)
		}
		b.Drain()
		if err := run.Wait(); err != nil || stagetest.Elapsed() != 15*time.Second {
			b.Errorf("ended at %v with %v, want 15s and no error", stagetest.Elapsed(), err)
		}
		if most := seen.Most(); most != 6 {
			b.Errorf("%d handlers ran at once, want 6", most)
		}
	})
}

func TestTheManualShowsATestThatIsRun(t *testing.T) {
	manual, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("manual_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for line := range strings.Lines(string(manual)) {
		if code, is := strings.CutPrefix(line, "//\t"); is {
			shown.WriteString(code)
		}
	}
	shownAsRun := strings.ReplaceAll(shown.String(), "//\n", "\n")
	if code := squeeze(shownAsRun); code == "" || !strings.Contains(squeeze(string(tests)), code) {
		t.Errorf("doc.go shows what manual_test.go does not run:\n%s", shownAsRun)
	}
}

// squeeze leaves empty lines out, which a comment has no tabs on.
func squeeze(code string) string {
	var out strings.Builder
	for line := range strings.Lines(code) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(line)
		}
	}
	return out.String()
}
