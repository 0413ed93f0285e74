package telemetry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

// sample is a sample as brute force keeps it: g, c, h.
type sample struct {
	at  time.Time
	row [3]float64
}

// bruteForce answers a query by looking at every sample there ever was.
func bruteForce(samples []sample, since time.Time, step time.Duration) telemetry.History {
	h := telemetry.History{Step: step, Lines: make([]telemetry.Line, 3)}
	buckets := map[int64][]sample{}
	from := since.UnixNano() / int64(step)
	for _, s := range samples {
		if b := s.at.UnixNano() / int64(step); b >= from {
			buckets[b] = append(buckets[b], s)
		}
	}
	for _, b := range slices.Sorted(maps.Keys(buckets)) {
		in := buckets[b]
		h.T = append(h.T, b*step.Milliseconds())
		var sum float64
		lowest, highest, high := in[0].row[0], in[0].row[0], in[0].row[2]
		for _, s := range in {
			sum += s.row[0]
			lowest, highest, high = min(lowest, s.row[0]), max(highest, s.row[0]), max(high, s.row[2])
		}
		g, c, hi := &h.Lines[0], &h.Lines[1], &h.Lines[2]
		g.Mean, g.Min, g.Max = append(g.Mean, sum/float64(len(in))), append(g.Min, lowest), append(g.Max, highest)
		c.Last = append(c.Last, in[len(in)-1].row[1])
		hi.Max = append(hi.Max, high)
	}
	return h
}

// same compares but for what a series is called.
func same(t *testing.T, got, want telemetry.History) {
	t.Helper()
	for i := range got.Lines {
		got.Lines[i].Series = telemetry.Series{}
	}
	if !slices.Equal(got.T, want.T) {
		t.Fatalf("step %s: %d buckets, want %d: %v, want %v", got.Step, len(got.T), len(want.T), ends(got.T), ends(want.T))
	}
	for i, w := range want.Lines {
		g := got.Lines[i]
		if !slices.Equal(g.Mean, w.Mean) || !slices.Equal(g.Min, w.Min) || !slices.Equal(g.Max, w.Max) || !slices.Equal(g.Last, w.Last) {
			t.Fatalf("step %s: line %d is not what brute force finds", got.Step, i)
		}
	}
}

func ends(t []int64) []int64 {
	if len(t) < 4 {
		return t
	}
	return []int64{t[0], t[1], t[len(t)-2], t[len(t)-1]}
}

// random makes samples over that long, with whole numbers, so that sums are
// exact in whatever order, and with gaps.
func random(rng *rand.Rand, from time.Time, long, step time.Duration) []sample {
	var out []sample
	count := 0.0
	for at := from; at.Before(from.Add(long)); at = at.Add(step) {
		switch rng.IntN(50) {
		case 0:
			at = at.Add(time.Duration(rng.IntN(300)) * telemetry.Step)
		case 1:
			at = at.Add(telemetry.Step)
		}
		count += float64(rng.IntN(20))
		jitter := time.Duration(rng.IntN(int(telemetry.Step)))
		out = append(out, sample{at.Add(jitter), [3]float64{float64(rng.IntN(1000) - 500), count, float64(rng.IntN(2000))}})
	}
	return out
}

func TestBucketsAreWhatBruteForceFinds(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 6 {
		samples := random(rng, origin.Add(time.Duration(rng.IntN(5000))*time.Millisecond), time.Duration(10+rng.IntN(480))*time.Second, telemetry.Step)
		now := samples[0].at
		r := newRecorder(t, nil, &now)
		for _, s := range samples {
			r.Feed(s.at, s.row[:]...)
		}
		now = samples[len(samples)-1].at
		for range 12 {
			since := samples[rng.IntN(len(samples))].at.Add(time.Duration(rng.IntN(4000)-2000) * time.Millisecond)
			step := time.Duration(1+rng.IntN(500)) * telemetry.Step
			if rng.IntN(2) == 0 {
				step = time.Duration(1+rng.IntN(90)) * time.Second
			}
			got, err := r.History(telemetry.Query{Since: since, Step: step})
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, bruteForce(samples, since, step))
		}
	}
}

// longFeed feeds r with a sample each step for that long, from a second after now
// on, and returns all. Now is then the last.
func longFeed(r *telemetry.Recorder, now *time.Time, long, step time.Duration) []sample {
	samples := random(rand.New(rand.NewPCG(1, 2)), now.Add(time.Second), long, step)
	for _, s := range samples {
		r.Feed(s.at, s.row[:]...)
	}
	*now = samples[len(samples)-1].at
	return samples
}

func TestADayOfSecondsIsKeptAndNoMore(t *testing.T) {
	now := origin
	r := newRecorder(t, nil, &now)
	samples := longFeed(r, &now, 50*time.Hour, 300*time.Millisecond)
	for _, step := range []time.Duration{10 * time.Second, 7 * time.Second, 2 * time.Minute} {
		since := now.Add(-23 * time.Hour)
		got, err := r.History(telemetry.Query{Since: since, Step: step})
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, bruteForce(samples, since, step))
	}
	got, err := r.History(telemetry.Query{Step: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if kept := now.Sub(time.UnixMilli(got.T[0])); kept < 24*time.Hour || kept > 24*time.Hour+10*time.Second {
		t.Errorf("%s are kept", kept)
	}
}

func TestThereIsNoMoreMemoryThanForADay(t *testing.T) {
	now := origin
	r := newRecorder(t, nil, &now)
	longFeed(r, &now, 30*time.Hour, time.Second)
	before := r.Bytes()
	longFeed(r, &now, 30*time.Hour, time.Second)
	if r.Bytes() != before {
		t.Errorf("%d bytes became %d", before, r.Bytes())
	}
	// 31 chunks of 1,000 rows of 3 numbers and a time, 145 of 600 of 6 and a time.
	if want := 8 * (31*1000*4 + 145*600*7); before != want {
		t.Errorf("%d bytes, want %d", before, want)
	}
}

func TestAnOpenSecondIsThereBeforeItIsOver(t *testing.T) {
	now := origin
	r := newRecorder(t, nil, &now)
	r.Feed(origin, 2, 10, 7)
	r.Feed(origin.Add(telemetry.Step), 3, 11, 5)
	h, err := r.History(telemetry.Query{Step: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"step_ms":1000,"t":[1764028800000],"series":{"g":{"kind":"gauge","mean":[2.5],"min":[2],"max":[3]},` +
		`"c":{"kind":"counter","last":[11]},"h":{"kind":"high","max":[7]}}}`
	if got := string(mustJSON(t, h)); got != want {
		t.Error(got)
	}
	if !json.Valid([]byte("{" + string(h.AppendMembers(nil)) + "}")) {
		t.Error("members are not those of an object")
	}
}

func TestWithoutASampleThereIsAnEmptyHistory(t *testing.T) {
	r := newRecorder(t, nil, nil)
	h, err := r.History(telemetry.Query{Names: []string{"c"}})
	if got := string(mustJSON(t, h)); err != nil || got != `{"step_ms":20,"t":[],"series":{"c":{"kind":"counter","last":[]}}}` {
		t.Errorf("%s %v", got, err)
	}
}

func TestSeriesComeOnceAndAsAskedFor(t *testing.T) {
	r := newRecorder(t, nil, nil)
	r.Feed(origin, 1, 2, 3)
	h, err := r.History(telemetry.Query{Names: []string{"h", "g", "h"}, Step: telemetry.Step})
	if err != nil || len(h.Lines) != 2 || h.Lines[0].Series.Name != "h" || h.Lines[0].Max[0] != 3 || h.Lines[1].Mean[0] != 1 {
		t.Errorf("%+v %v", h, err)
	}
}

func TestABadQueryNamesItsField(t *testing.T) {
	now := origin
	r := newRecorder(t, nil, &now)
	longFeed(r, &now, 11*time.Hour, time.Second)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, c := range []struct {
		q           telemetry.Query
		field, says string // no field: a good query
	}{
		{telemetry.Query{Names: []string{"g", "x"}}, "name", `"x"; there are g, c, h`},
		{telemetry.Query{Step: 30 * time.Millisecond}, "step", "multiple of 20ms"},
		{telemetry.Query{Step: time.Nanosecond}, "step", "multiple of 20ms"},
		{telemetry.Query{Step: -time.Second}, "step", "multiple of 20ms"},
		{telemetry.Query{Step: 100 * time.Millisecond, Since: ago(11 * time.Minute)}, "step", "10m0s"},
		{telemetry.Query{Step: 1500 * time.Millisecond, Since: ago(11 * time.Minute)}, "step", "10m0s"},
		{telemetry.Query{Step: time.Second, Since: ago(11 * time.Hour)}, "step", "36000 points"},
		{telemetry.Query{Step: time.Second, Since: time.Unix(0, 0)}, "step", "36000 points"},
		{telemetry.Query{Step: time.Second}, "step", "36000 points"},
		{telemetry.Query{Step: time.Second, Since: ago(10 * time.Hour)}, "", ""},
		{telemetry.Query{Step: telemetry.Step, Since: ago(10*time.Minute + 200*time.Millisecond)}, "", ""}, // it was on its way
		{telemetry.Query{Step: telemetry.Step}, "", ""},
		{telemetry.Query{Step: 2 * time.Second, Since: time.Time{}.Add(1)}, "step", "36000 points"},
		{telemetry.Query{Step: time.Hour, Since: time.Time{}.Add(1)}, "", ""},
		{telemetry.Query{Since: now.AddDate(1000, 0, 0)}, "", ""},
	} {
		_, err := r.History(c.q)
		var bad *telemetry.QueryError
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%+v: %v", c.q, err)
		case c.field != "" && (!errors.As(err, &bad) || bad.Field != c.field || !strings.Contains(bad.Detail, c.says)):
			t.Errorf("%+v: %v, want %s: …%s…", c.q, err, c.field, c.says)
		}
	}
}

func TestALeftOutStepMakesAtMostAThousandPoints(t *testing.T) {
	now := origin
	r := newRecorder(t, nil, &now)
	longFeed(r, &now, 25*time.Hour, telemetry.Step*25)
	for back, want := range map[time.Duration]time.Duration{
		10 * time.Second: 20 * time.Millisecond,
		time.Minute:      100 * time.Millisecond,
		5 * time.Minute:  500 * time.Millisecond,
		10 * time.Minute: time.Second,
		11 * time.Minute: time.Second,
		time.Hour:        5 * time.Second,
		24 * time.Hour:   2 * time.Minute,
	} {
		h, err := r.History(telemetry.Query{Since: now.Add(-back)})
		if err != nil || h.Step != want || len(h.T) > 1000 {
			t.Errorf("%s: %d points of %s, %v", back, len(h.T), h.Step, err)
		}
	}
	if h, err := r.History(telemetry.Query{}); err != nil || h.Step != 2*time.Minute {
		t.Errorf("all: step %s, %v", h.Step, err)
	}
}

func TestWhereThereIsLittleALongQueryIsAnsweredFinely(t *testing.T) {
	now := origin
	r := newRecorder(t, nil, &now)
	longFeed(r, &now, 10*time.Second, telemetry.Step)
	h, err := r.History(telemetry.Query{Since: now.Add(-24 * time.Hour)})
	if err != nil || h.Step != telemetry.Step {
		t.Errorf("step %s, %v", h.Step, err)
	}
}

func TestBucketsStandOnMultiplesOfTheStep(t *testing.T) {
	now := origin
	r := newRecorder(t, nil, &now)
	longFeed(r, &now, time.Minute, telemetry.Step)
	for _, step := range []time.Duration{60 * time.Millisecond, 700 * time.Millisecond, 7 * time.Second} {
		a, err := r.History(telemetry.Query{Step: step, Since: now.Add(-20 * time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range a.T {
			if at%step.Milliseconds() != 0 {
				t.Errorf("a bucket of %s begins at %d", step, at)
			}
		}
		now = now.Add(10 * time.Millisecond)
		b, err := r.History(telemetry.Query{Step: step, Since: now.Add(-20 * time.Second)})
		if err != nil || fmt.Sprint(b.Lines[0].Mean[1:]) != fmt.Sprint(a.Lines[0].Mean[1+len(a.T)-len(b.T):]) {
			t.Errorf("a moment later buckets of %s are others, %v", step, err)
		}
	}
}
