package telemetry_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

func TestALogIsTheNewestOfAList(t *testing.T) {
	for _, size := range []int{-1, 1, 2, 7, 100} {
		l := telemetry.NewLog[int](size)
		var all []int
		for i := range 50 {
			kept := all[max(0, len(all)-max(size, 1)):]
			n := rand.IntN(60)
			if got, want := l.Last(n), kept[max(0, len(kept)-n):]; !slices.Equal(got, want) {
				t.Fatalf("size %d: last %d: %v, want %v", size, n, got, want)
			}
			after := rand.IntN(60)
			want := all[min(after, len(all)):]
			want = want[max(0, len(want)-max(size, 1)):]
			if got, newest := l.After(uint64(after)); !slices.Equal(got, want) || newest != uint64(i) {
				t.Fatalf("size %d: after %d: %v up to %d, want %v", size, after, got, newest, want)
			}
			all = append(all, i*i)
			if number := l.Add(i * i); number != uint64(i+1) {
				t.Fatalf("number %d", number)
			}
		}
	}
}

func TestALogThatIsReadOnMissesNothingThatItKeeps(t *testing.T) {
	l := telemetry.NewLog[int](100_000)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 2000 {
				l.Add(1)
			}
		})
	}
	var seq uint64
	read := 0
	for read < 8000 {
		var got []int
		got, seq = l.After(seq)
		if read += len(got); uint64(read) != seq {
			t.Fatalf("%d read, newest is %d", read, seq)
		}
	}
	writers.Wait()
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	m := telemetry.Mark{At: time.UnixMicro(1_764_028_800_000_250), Kind: "settings", Text: "resource.latency 500ms → 2.5s"}
	b := mustJSON(t, m)
	if string(b) != `{"at":1764028800000.25,"kind":"settings","text":"resource.latency 500ms → 2.5s"}` {
		t.Errorf("%s", b)
	}
	for range 1000 {
		m.At = time.UnixMicro(rand.Int64N(4_000_000_000_000_000))
		var got telemetry.Mark
		if err := json.Unmarshal(mustJSON(t, m), &got); err != nil || !got.At.Equal(m.At) || got.Text != m.Text || got.Kind != m.Kind {
			t.Fatalf("%v became %v, %v", m, got, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"at":"noon"}`), &m); err == nil {
		t.Error("noon is a number")
	}
}
