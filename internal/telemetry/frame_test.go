package telemetry_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

func TestAFrameIsWhatIsNewAndSaysNothingTwice(t *testing.T) {
	r := newRecorder(t, nil, nil)
	frame := func(after uint64) (string, uint64) {
		t.Helper()
		f, seq := r.After(after)
		return string(mustJSON(t, f)), seq
	}
	if got, seq := frame(0); got != `{"t":[]}` || seq != 0 {
		t.Errorf("%s %d", got, seq)
	}
	r.Feed(origin, 50, 3000, 2.25)
	r.Feed(origin.Add(23*time.Millisecond), 49, 3000, 2.5) // late, but on its place
	if got, seq := frame(0); got != `{"t":[1764028800000,1764028800020],"g":[50,49],"c":3000,"h":[2.25,2.5]}` || seq != 2 {
		t.Errorf("%s %d", got, seq)
	}
	if got, seq := frame(1); got != `{"t":[1764028800020],"g":49,"c":3000,"h":2.5}` || seq != 2 {
		t.Errorf("%s %d", got, seq)
	}
	for _, after := range []uint64{2, 3, math.MaxUint64} {
		if got, seq := frame(after); got != `{"t":[]}` || seq != 2 {
			t.Errorf("after %d: %s %d", after, got, seq)
		}
	}
}

func TestWhatIsNoNumberIsNull(t *testing.T) {
	r := newRecorder(t, nil, nil)
	r.Feed(origin, math.NaN(), math.Inf(1), math.Inf(-1))
	if got := string(mustJSON(t, first(r.After(0)))); got != `{"t":[1764028800000],"g":null,"c":null,"h":null}` {
		t.Error(got)
	}
}

func TestFramesPutTogetherAreAllSamples(t *testing.T) {
	r := newRecorder(t, nil, nil)
	var seq uint64
	next := 0.0
	for i := range 3000 {
		r.Feed(origin.Add(time.Duration(i)*telemetry.Step), float64(i), 0, 0)
		if i%7 != 0 && i%1000 > 20 {
			continue
		}
		var f telemetry.Frame
		f, seq = r.After(seq)
		for _, v := range f.Columns[0] {
			if v != next {
				t.Fatalf("%v, want %v", v, next)
			}
			next++
		}
		if next != float64(i+1) {
			t.Fatalf("%v samples after %d", next, i+1)
		}
	}
}

func FuzzANumberReadAgainIsTheSame(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 0.1, 1e-7, 5e-324, 1e15, 1 << 53, 1<<53 + 2, 1e21, 1e22, math.MaxFloat64, 123456.789, math.Copysign(0, -1)} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Skip()
		}
		b := telemetry.AppendNumber(nil, v)
		var got float64
		if err := json.Unmarshal(b, &got); err != nil || got != v {
			t.Errorf("%v became %s became %v, %v", v, b, got, err)
		}
		if v == math.Trunc(v) {
			for _, c := range string(b) {
				if (c < '0' || c > '9') && c != '-' {
					t.Errorf("the whole number %v became %s", v, b)
				}
			}
		} else if shortest := strconv.FormatFloat(v, 'g', -1, 64); len(b) > len(shortest)+6 {
			t.Errorf("%s is longer than %s", b, shortest)
		}
	})
}
