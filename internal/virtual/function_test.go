package virtual_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/virtual"
)

func TestFiveHundredVirtualSecondsAreOneCall(t *testing.T) {
	const long = 500 * time.Second
	r, err := ticks.Run(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if r.Value < 49_999 || r.Value > 50_000 { // the last tick and the end come at one moment
		t.Errorf("%d ticks", r.Value)
	}
	if r.Elapsed != long {
		t.Errorf("%v of virtual time went by, want %v", r.Elapsed, long)
	}
	if r.Took <= 0 || r.Took > virtual.DefaultLimit {
		t.Errorf("it took %v", r.Took)
	}
}

func TestAChildSeesNothingOfItsParentButTheEnvironment(t *testing.T) {
	t.Setenv("TZ", "Asia/Tokyo")
	r, err := surroundings.Run(t.Context(), nothing{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Value.Args) > 0 {
		t.Errorf("arguments %q", r.Value.Args)
	}
	if strings.Contains(r.Value.Env, "VIRTUAL_CHILD") || strings.Contains(r.Value.Env, "3 is open") {
		t.Errorf("a grandchild is given\n%s", r.Value.Env)
	}
	if !strings.Contains(r.Value.Env, "PATH=") {
		t.Errorf("a child has no environment:\n%s", r.Value.Env)
	}
}

func TestVirtualTimeBeginsWithTheYear2000InUTC(t *testing.T) {
	t.Setenv("TZ", "Asia/Tokyo")
	r, err := surroundings.Run(t.Context(), nothing{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "2000-01-01 00:00:00 +0000 UTC"; !strings.HasPrefix(r.Value.Text, want) {
		t.Errorf("it begins at %s, want %s", r.Value.Text, want)
	}
}

// What the child prints, and the PASS of package testing, would come here.
func TestNothingReachesTheParentsOutput(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = write, write
	_, err = surroundings.Run(t.Context(), nothing{})
	os.Stdout, os.Stderr = stdout, stderr
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := read.Read(make([]byte, 1)); n > 0 {
		t.Error("something came")
	}
}

func TestTwentyCallsRunBesideEachOther(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			d := time.Duration(i+1) * time.Hour
			r, err := sleep.Within(time.Minute).Run(t.Context(), d)
			if err != nil || r.Value != d || r.Elapsed != d {
				t.Errorf("slept %v (%v of time, %v), want %v", r.Value, r.Elapsed, err, d)
			}
		})
	}
	wg.Wait()
}

func TestALargeOutputFits(t *testing.T) {
	r, err := returns.Within(time.Minute).Run(t.Context(), 4<<20)
	if err != nil || len(r.Value) != 4<<20 {
		t.Errorf("%d bytes, %v", len(r.Value), err)
	}
}

func TestGoroutinesThatEndWithTheContextAreNotLeftBehind(t *testing.T) {
	if _, err := leavesCtx.Run(t.Context(), nothing{}); err != nil {
		t.Error(err)
	}
}

func TestNoDescriptorIsLeft(t *testing.T) {
	before := descriptors(t)
	for range 3 {
		sleep.Run(t.Context(), time.Second)
		takesChannels.Run(t.Context(), nil)
		exits.Run(t.Context(), nothing{})
		panicsBeside.Run(t.Context(), nothing{})
		sleep.Within(1).Run(t.Context(), time.Second)
	}
	if after := descriptors(t); !slices.Equal(before, after) {
		t.Errorf("before %q, after %q", before, after)
	}
}

func descriptors(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of descriptors here")
	}
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			names = append(names, to)
		}
	}
	slices.Sort(names)
	return names
}

func TestANameIsRegisteredOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was registered again")
		}
	}()
	virtual.Register("sleep", func(context.Context, int) (int, error) { return 0, nil })
}
