package lab

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
)

// loadCounts are the counts of serial and async at one time.
type loadCounts struct {
	requests [2]uint64
	rejected uint64
	open     int
}

// script feeds a watch every 20 ms with what f says of each second and returns the
// marks with the seconds they are of.
func script(seconds float64, f func(at float64) loadCounts) (marks []string) {
	w, began := loadWatch{}, time.Unix(1000, 0)
	for n := range int(seconds * 50) {
		at := began.Add(time.Duration(n) * 20 * time.Millisecond)
		c := f(float64(n) / 50)
		told := counts{
			{name: "serial", requests: c.requests[0], rejected: c.rejected, open: c.open},
			{name: "async", requests: c.requests[1]},
		}
		if text, when := w.see(at, told); text != "" {
			marks = append(marks, fmt.Sprintf("%.1f %s", when.Sub(began).Seconds(), text))
		}
	}
	return marks
}

// ramp grows from 0 to n between two moments.
func ramp(at, from, to float64, n int) uint64 {
	return uint64(float64(n) * min(max((at-from)/(to-from), 0), 1))
}

func TestALoadIsMarkedFromItsFirstRequestToItsLast(t *testing.T) {
	for name, c := range map[string]struct {
		counts func(at float64) loadCounts
		want   []string
	}{
		"somebody trying an address": {func(at float64) loadCounts {
			return loadCounts{requests: [2]uint64{ramp(at, 1, 2, 9), 0}}
		}, nil},
		"an async burst": {func(at float64) loadCounts {
			return loadCounts{requests: [2]uint64{0, ramp(at, 1, 1.4, 3000)}}
		}, []string{"1.0 load on async began", "1.4 load on async ended: 3000 requests"}},
		"both, one rejecting": {func(at float64) loadCounts {
			return loadCounts{requests: [2]uint64{ramp(at, 1, 3, 100), ramp(at, 2, 4, 200)}, rejected: ramp(at, 2, 4, 50)}
		}, []string{"1.0 load on serial began", "4.0 load on serial and async ended: 300 requests, 50 rejected"}},
		"slow requests, open for longer than the pause": {func(at float64) loadCounts {
			c := loadCounts{requests: [2]uint64{50 * ramp(at, 0, 6, 3), 0}}
			if at >= 2 && at < 9 {
				c.open = 50
			}
			return c
		}, []string{"2.0 load on serial began", "6.0 load on serial ended: 150 requests"}},
		"two loads with a pause between": {func(at float64) loadCounts {
			return loadCounts{requests: [2]uint64{ramp(at, 1, 2, 100) + ramp(at, 5, 6, 100), 0}}
		}, []string{"1.0 load on serial began", "2.0 load on serial ended: 100 requests", "5.0 load on serial began", "6.0 load on serial ended: 100 requests"}},
	} {
		got := script(12, c.counts)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}

func TestABurstBetweenTwoSamplesIsInTheSecond(t *testing.T) {
	l, err := New(config.Defaults(), Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- l.mock.Serve(ctx) }()
	for !l.mock.Running() {
		runtime.Gosched()
	}
	instrument := l.instrument()
	row := make([]float64, len(instrument.Series))
	instrument.Read(row)
	var places []*resource.Place
	for range 30 {
		p, err := l.mock.Caller("async").Enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, p)
	}
	for _, p := range places {
		p.Leave()
	}
	instrument.Read(row)
	sampled := map[string]float64{}
	for i, s := range instrument.Series {
		sampled[s.Name] = row[i]
	}
	if sampled["in_flight"] != 0 || sampled["in_flight_high"] != 30 || sampled["in_flight_async_high"] != 30 || sampled["in_flight_serial_high"] != 0 {
		t.Errorf("%v", sampled)
	}
	instrument.Read(row)
	for i, s := range instrument.Series {
		if s.Kind == telemetry.High && row[i] != 0 {
			t.Errorf("%s is still %v in the sample after", s.Name, row[i])
		}
	}
	stop()
	<-ended
}
