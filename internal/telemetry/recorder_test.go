package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

// serve serves r until stop is called, which waits for the end of it.
func serve(t *testing.T, r *telemetry.Recorder) (stop func()) {
	t.Helper()
	asked := errors.New("asked to stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx) }()
	return func() {
		t.Helper()
		cancel(asked)
		if err := <-ended; err != asked {
			t.Errorf("Serve ended with %v", err)
		}
	}
}

// counting fills c with 1, 2, 3 …, g and h with the same.
func counting() func(row []float64) {
	n := 0.0
	return func(row []float64) {
		n++
		row[0], row[1], row[2] = n, n, n
	}
}

func TestEveryTwentyMillisecondsThereIsASample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, counting(), nil)
		begin := time.Now()
		stop := serve(t, r)
		time.Sleep(time.Second + 5*time.Millisecond)
		stop()
		f, seq := r.After(0)
		if len(f.T) != 51 || seq != 51 {
			t.Fatalf("%d samples, newest is %d", len(f.T), seq)
		}
		for i, at := range f.T {
			if want := begin.Add(time.Duration(i) * telemetry.Step).UnixMilli(); at != want || f.Columns[1][i] != float64(i+1) {
				t.Errorf("sample %d: %v at %d, want %d", i, f.Columns[1][i], at, want)
			}
		}
		if r.Kept() != 51*telemetry.Step {
			t.Errorf("kept %s", r.Kept())
		}
	})
}

func TestTenMinutesAreKeptAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, counting(), nil)
		stop := serve(t, r)
		time.Sleep(25*time.Minute + 10*time.Millisecond)
		stop()
		f, seq := r.After(0)
		if seq != 25*60*50+1 || len(f.T) != 30_000 || r.Kept() != 10*time.Minute {
			t.Fatalf("%d samples of %d, kept %s", len(f.T), seq, r.Kept())
		}
		for i, v := range f.Columns[0] {
			if want := float64(seq) - float64(len(f.T)-1-i); v != want {
				t.Fatalf("sample %d is %v, want %v", i, v, want)
			}
			if i > 0 && f.T[i]-f.T[i-1] != 20 {
				t.Fatalf("a gap before sample %d", i)
			}
		}
		h, err := r.History(telemetry.Query{Step: time.Second})
		if err != nil || len(h.T) != 25*60+1 {
			t.Errorf("%d seconds, %v", len(h.T), err)
		}
	})
}

func TestALateSampleLeavesAGapAndInventsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r := newRecorder(t, func([]float64) {
			if n++; n == 3 {
				time.Sleep(70 * time.Millisecond) // the third, at 40 ms, is only done at 110
			}
		}, nil)
		begin := time.Now().UnixMilli()
		stop := serve(t, r)
		time.Sleep(170 * time.Millisecond)
		stop()
		f, _ := r.After(0)
		for i := range f.T {
			f.T[i] -= begin
		}
		if want := []int64{0, 20, 40, 120, 140, 160}; !slices.Equal(f.T, want) {
			t.Errorf("%v, want %v", f.T, want)
		}
		h, err := r.History(telemetry.Query{Step: telemetry.Step})
		if err != nil || len(h.T) != 6 || len(h.Lines[0].Mean) != 6 {
			t.Errorf("%d points, %v", len(h.T), err)
		}
	})
}

func TestTheFirstSampleIsAtOnceAndTheNextOnTheGrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(13 * time.Millisecond)
		r := newRecorder(t, nil, nil)
		begin := time.Now()
		stop := serve(t, r)
		time.Sleep(8 * time.Millisecond)
		stop()
		first, last, ok := r.Window("g", time.Second)
		if !ok || !first.At.Equal(begin) || !last.At.Equal(begin.Add(7*time.Millisecond)) {
			t.Errorf("%v to %v, %v", first.At, last.At, ok)
		}
	})
}

func TestServedAgainItGoesOnWithWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, counting(), nil)
		for range 3 {
			stop := serve(t, r)
			time.Sleep(95 * time.Millisecond) // five samples
			stop()
			time.Sleep(905 * time.Millisecond)
		}
		f, _ := r.After(0)
		if len(f.T) != 15 || f.T[5]-f.T[0] != 1000 || f.Columns[1][14] != 15 {
			t.Errorf("%v %v", f.T, f.Columns[1])
		}
	})
}

func TestServedAgainAtOnceNoPlaceOnTheGridIsTakenTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, nil, nil)
		for range 10 {
			stop := serve(t, r)
			time.Sleep(time.Millisecond)
			stop()
		}
		if f, _ := r.After(0); len(f.T) != 1 {
			t.Errorf("%v", f.T)
		}
	})
}

func TestASecondServeAtTheSameTimeIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, nil, nil)
		stop := serve(t, r)
		synctest.Wait()
		if err := r.Serve(t.Context()); !errors.Is(err, telemetry.ErrServing) {
			t.Errorf("%v", err)
		}
		stop()
	})
}

func TestAfterAPanicOfAnInstrumentItCanBeServedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		r := newRecorder(t, func([]float64) {
			if broken {
				panic("broken")
			}
		}, nil)
		func() {
			defer func() { _ = recover() }()
			_ = r.Serve(t.Context())
		}()
		broken = false
		time.Sleep(telemetry.Step)
		stop := serve(t, r)
		synctest.Wait()
		stop()
		if f, _ := r.After(0); len(f.T) != 1 {
			t.Errorf("%v", f.T)
		}
	})
}

func TestWhenTheWallClockIsSetBackTimesGoOn(t *testing.T) {
	wall, mono := origin.UnixNano(), int64(0)
	r := newRecorder(t, nil, nil)
	r.SetClock(func() (int64, int64) { return wall, mono })
	pass := func(d time.Duration) { wall, mono = wall+int64(d), mono+int64(d) }
	for range 3 {
		r.SampleNow()
		pass(telemetry.Step)
	}
	wall -= int64(time.Hour)
	for range 3 {
		r.SampleNow()
		pass(telemetry.Step)
	}
	wall += int64(3 * time.Hour) // past where it would have been: a gap
	r.SampleNow()
	f, _ := r.After(0)
	o := origin.UnixMilli()
	if want := []int64{o, o + 20, o + 40, o + 60, o + 80, o + 100, o + 120 + 2*3600_000}; !slices.Equal(f.T, want) {
		t.Errorf("%v, want %v", f.T, want)
	}
	if got := r.Now().UnixMilli(); got != o+120+2*3600_000 {
		t.Errorf("it is %d", got)
	}
}

func TestInstrumentsThatCannotBeToldApartAreRefused(t *testing.T) {
	read := func([]float64) {}
	for name, instruments := range map[string][]telemetry.Instrument{
		"twice":        {{Series: []telemetry.Series{{Name: "a"}}, Read: read}, {Series: []telemetry.Series{{Name: "b"}, {Name: "a"}}, Read: read}},
		"the times'":   {{Series: []telemetry.Series{{Name: "t"}}, Read: read}},
		"no name":      {{Series: []telemetry.Series{{}}, Read: read}},
		"quoted":       {{Series: []telemetry.Series{{Name: `a"b`}}, Read: read}},
		"no Read":      {{Series: []telemetry.Series{{Name: "a"}}}},
		"not a series": {{Series: []telemetry.Series{{Name: "a", Kind: telemetry.DistributionKind}}, Read: read}},
		"no kind":      {{Series: []telemetry.Series{{Name: "a", Kind: 17}}, Read: read}},
	} {
		if _, err := telemetry.NewRecorder(instruments...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEachInstrumentFillsItsOwnSeries(t *testing.T) {
	now := origin
	one := telemetry.Instrument{Series: []telemetry.Series{{Name: "a"}, {Name: "b"}}, Read: func(row []float64) {
		if len(row) != 2 || cap(row) != 2 {
			t.Errorf("%d numbers of %d", len(row), cap(row))
		}
		row[0], row[1] = 1, 2
	}}
	two := telemetry.Instrument{Series: []telemetry.Series{{Name: "c"}}, Read: func(row []float64) { row[0] = 3 }}
	r, err := telemetry.NewRecorder(one, telemetry.Instrument{}, two)
	if err != nil {
		t.Fatal(err)
	}
	r.SetClock(func() (int64, int64) { return now.UnixNano(), now.UnixNano() })
	r.SampleNow()
	if got := string(mustJSON(t, first(r.After(0)))); got != `{"t":[1764028800000],"a":1,"b":2,"c":3}` {
		t.Error(got)
	}
	if !slices.Equal(r.Names(), []string{"a", "b", "c"}) || r.Series()[2].Name != "c" {
		t.Errorf("%v %v", r.Names(), r.Series())
	}
}

func first[A, B any](a A, _ B) A { return a }

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheNewestAreAsManyAsAreAskedForOrThere(t *testing.T) {
	r := newRecorder(t, nil, nil)
	if r.Last("g", 3) != nil && len(r.Last("g", 3)) != 0 || r.Kept() != 0 || r.Max("g", time.Minute) != 0 {
		t.Error("something is there before anything was")
	}
	for i := range 2500 { // over the edges of chunks
		r.Feed(origin.Add(time.Duration(i)*telemetry.Step), float64(i), 0, 0)
	}
	if got := r.Last("g", 3); !slices.Equal(got, []float64{2497, 2498, 2499}) {
		t.Errorf("%v", got)
	}
	for n, want := range map[int]int{-1: 0, 0: 0, 11: 11, 1500: 1500, 2500: 2500, math.MaxInt: 2500} {
		if got := r.Last("g", n); len(got) != want {
			t.Errorf("%d of %d", len(got), n)
		}
	}
	if r.Last("nothing", 3) != nil {
		t.Error("a series that is not there has samples")
	}
}

func TestAWindowIsAsLongAsWasAskedForOrIsThere(t *testing.T) {
	r := newRecorder(t, nil, nil)
	at := func(i int) time.Time {
		return origin.Add(time.Duration(i)*telemetry.Step + time.Duration(i%7)*time.Millisecond) // not just on the grid
	}
	if _, _, ok := r.Window("c", time.Second); ok {
		t.Error("a window before there is anything")
	}
	for i := range 2000 {
		r.Feed(at(i), 0, float64(10*i), 0)
		if _, _, ok := r.Window("c", time.Second); ok != (i > 0) {
			t.Errorf("after sample %d: %v", i, ok)
		}
	}
	for d, from := range map[time.Duration]int{time.Second: 1949, 20 * time.Second: 999, 20 * time.Millisecond: 1998, time.Hour: 0} {
		first, last, ok := r.Window("c", d)
		if !ok || first.Value != float64(10*from) || !first.At.Equal(at(from)) || last.Value != 19990 || !last.At.Equal(at(1999)) {
			t.Errorf("%s: %v to %v, %v", d, first, last, ok)
		}
	}
	if _, _, ok := r.Window("nothing", time.Second); ok {
		t.Error("a window of a series that is not there")
	}
}

func TestTheHighestIsThatOfTheNewestTimeAlone(t *testing.T) {
	r := newRecorder(t, nil, nil)
	for i := range 3000 {
		r.Feed(origin.Add(time.Duration(i)*telemetry.Step), 0, 0, -float64(i))
	}
	for d, want := range map[time.Duration]float64{0: -2999, telemetry.Step: -2999, time.Second: -2950, 30 * time.Second: -1500, time.Hour: 0} {
		if got := r.Max("h", d); got != want {
			t.Errorf("%s: %v, want %v", d, got, want)
		}
	}
}

func TestReadersAndTheSamplerDoNotRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, counting(), nil)
		stop := serve(t, r)
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for seq, i := uint64(0), 0; i < 300; i++ {
					var f telemetry.Frame
					f, seq = r.After(seq)
					for j := 1; j < len(f.T); j++ {
						if f.T[j] <= f.T[j-1] || f.Columns[0][j] != f.Columns[0][j-1]+1 || f.Columns[0][j] != f.Columns[2][j] {
							t.Errorf("torn: %v %v", f.T, f.Columns)
						}
					}
					if _, err := r.History(telemetry.Query{Step: telemetry.Step}); err != nil {
						t.Error(err)
					}
					_, _ = r.History(telemetry.Query{Step: time.Second})
					r.Last("g", 11)
					r.Max("h", time.Second)
					r.Window("c", time.Second)
					r.Kept()
					time.Sleep(50 * time.Millisecond)
				}
			})
		}
		readers.Wait()
		stop()
	})
}

func TestASampleAllocatesNothing(t *testing.T) {
	now := origin
	r := newRecorder(t, counting(), &now)
	sample := func() { now = now.Add(telemetry.Step); r.SampleNow() }
	for range 90_000 { // until every chunk that there may be is there
		now = now.Add(time.Second)
		r.SampleNow()
	}
	before := r.Bytes()
	if n := testing.AllocsPerRun(5000, sample); n != 0 {
		t.Errorf("%v allocations a sample", n)
	}
	if r.Bytes() != before {
		t.Errorf("%d bytes became %d", before, r.Bytes())
	}
}
