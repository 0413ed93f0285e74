package profile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/internal/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const module = "github.com/affluxlab/afflux"

// everybody starts n goroutines with a label that do fn until the test ends.
func everybody(t *testing.T, n int, label string, fn func(stop <-chan struct{})) {
	t.Helper()
	stop := make(chan struct{})
	var there, all sync.WaitGroup
	labels := pprof.WithLabels(t.Context(), pprof.Labels("part", label))
	for range n {
		there.Add(1)
		all.Go(func() {
			pprof.SetGoroutineLabels(labels)
			there.Done()
			fn(stop)
		})
	}
	there.Wait()
	t.Cleanup(func() { close(stop); all.Wait() })
}

func TestACensusCountsByLabelAndByWhatIsWaitedFor(t *testing.T) {
	var lock sync.Mutex
	lock.Lock()
	everybody(t, 40, "receivers", func(stop <-chan struct{}) { <-stop })
	everybody(t, 30, "selectors", func(stop <-chan struct{}) {
		select {
		case <-stop:
		case <-time.After(time.Hour):
		}
	})
	everybody(t, 7, "lockers", func(<-chan struct{}) { lock.Lock(); defer lock.Unlock() })
	t.Cleanup(lock.Unlock) // before the goroutines are waited for: cleanups run last first
	want := map[string]profile.State{"receivers": profile.Receiving, "selectors": profile.Selecting, "lockers": profile.Locking}
	counts := map[string]int{"receivers": 40, "selectors": 30, "lockers": 7}
	c := settled(t, func(c profile.Census) bool {
		for label, state := range want {
			if count(c, label, state) != counts[label] {
				return false
			}
		}
		return true
	})
	sum := 0
	for i, g := range c.Groups {
		sum += g.Count
		if i > 0 && g.Count > c.Groups[i-1].Count {
			t.Errorf("a group of %d stands below one of %d", g.Count, c.Groups[i-1].Count)
		}
		if g.Labels["part"] == "receivers" && (g.Package != "internal/profile" || !bytes.Contains([]byte(g.Source), []byte("profile_test.go:"))) {
			t.Errorf("they stand in %+v", g.Place)
		}
	}
	if c.Total != sum || c.Took <= 0 {
		t.Errorf("%d in all, %d in groups, took %v", c.Total, sum, c.Took)
	}
}

func count(c profile.Census, label string, state profile.State) (n int) {
	for _, g := range c.Groups {
		if g.Labels["part"] == label && g.State == state {
			n += g.Count
		}
	}
	return n
}

// settled takes censuses until one is as expected: a goroutine that was started
// needs a moment to come to where it waits.
func settled(t *testing.T, good func(profile.Census) bool) profile.Census {
	t.Helper()
	var c profile.Census
	for range 1000 {
		var err error
		if c, err = profile.Goroutines(module); err != nil {
			t.Fatal(err)
		}
		if good(c) {
			return c
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("the census never was as expected: %+v", c.Groups)
	return c
}

func TestTheProcessorIsToldByLabel(t *testing.T) {
	everybody(t, 1, "busy", func(stop <-chan struct{}) {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				_ = fmt.Sprint(n)
			}
		}
	})
	everybody(t, 1, "idle", func(stop <-chan struct{}) { <-stop })
	var raw bytes.Buffer
	c, err := profile.TakeCPU(t.Context(), 300*time.Millisecond, &raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Shares) == 0 || c.Shares[0].Labels["part"] != "busy" || c.Shares[0].Used < c.Used/2 {
		t.Errorf("%+v", c)
	}
	if slices.ContainsFunc(c.Shares, func(s profile.Share) bool { return s.Labels["part"] == "idle" }) {
		t.Error("who sleeps has used the processor")
	}
	if c.Over < 300*time.Millisecond || raw.Len() == 0 {
		t.Errorf("over %v, %d bytes", c.Over, raw.Len())
	}
}

func TestOneCPUProfileAtATime(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	first := make(chan error)
	go func() {
		err := profile.ErrBusy
		for errors.Is(err, profile.ErrBusy) { // until it is the one
			_, err = profile.TakeCPU(ctx, time.Hour, nil)
		}
		first <- err
	}()
	for err := error(nil); !errors.Is(err, profile.ErrBusy); time.Sleep(time.Millisecond) {
		_, err = profile.TakeCPU(t.Context(), time.Nanosecond, nil)
	}
	why := errors.New("enough")
	cancel(why)
	if err := <-first; !errors.Is(err, why) {
		t.Error(err)
	}
	if _, err := profile.TakeCPU(t.Context(), time.Nanosecond, nil); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestTheFlightRecorderKeepsTheLastSecondsOnlyWhileItIsOn(t *testing.T) {
	var f profile.FlightRecorder
	if _, err := f.WriteTo(&bytes.Buffer{}); !errors.Is(err, profile.ErrNotRecording) {
		t.Error(err)
	}
	for range 2 {
		if err := f.Start(); err != nil {
			t.Fatal(err)
		}
	}
	defer f.Stop()
	since, on := f.Since()
	if !on || time.Since(since) > time.Minute {
		t.Errorf("on: %v, since %v", on, since)
	}
	var text bytes.Buffer
	if _, err := f.WriteTo(&text); err != nil || !bytes.HasPrefix(text.Bytes(), []byte("go 1.")) {
		t.Errorf("%v: %.20q", err, text.Bytes())
	}
	f.Stop()
	if _, on := f.Since(); on {
		t.Error("it is on after Stop")
	}
}

func BenchmarkCensusOfTenThousand(b *testing.B) {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 10_000 {
		all.Go(func() { <-stop })
	}
	defer all.Wait()
	defer close(stop)
	for b.Loop() {
		if _, err := profile.Goroutines(module); err != nil {
			b.Fatal(err)
		}
	}
}
