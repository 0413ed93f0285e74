package telemetry_test

import (
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// origin is a moment on every grid that a test uses.
var origin = time.Unix(1_764_028_800, 0)

// newRecorder has the series g (a gauge), c (a counter) and h (a high); read
// fills them. Its clock is the given one, if any.
func newRecorder(t testing.TB, read func(row []float64), now *time.Time) *telemetry.Recorder {
	t.Helper()
	if read == nil {
		read = func([]float64) {}
	}
	r, err := telemetry.NewRecorder(telemetry.Instrument{
		Series: []telemetry.Series{{Name: "g"}, {Name: "c", Kind: telemetry.Counter}, {Name: "h", Kind: telemetry.High}},
		Read:   read,
	})
	if err != nil {
		t.Fatal(err)
	}
	if now != nil {
		r.SetClock(func() (wall, mono int64) { return now.UnixNano(), now.UnixNano() })
	}
	return r
}
