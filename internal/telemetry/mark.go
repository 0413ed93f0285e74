package telemetry

import (
	"encoding/json"
	"math"
	"time"
)

// Mark is something that happened at a moment and explains what the numbers do
// after it: settings changed, a reset, a crash, load that began.
type Mark struct {
	At   time.Time // in JSON: unix milliseconds, with a fraction if there is one
	Kind string    // "settings", "reset", "crash", "restart", "load"
	Text string    // "resource.latency 500ms → 2.5s"
}

// mark is a Mark as JSON has it.
type mark struct {
	At   float64 `json:"at"`
	Kind string  `json:"kind"`
	Text string  `json:"text"`
}

// MarshalJSON writes {"at":1764026400000.25,"kind":"reset","text":"…"}.
func (m Mark) MarshalJSON() ([]byte, error) {
	return json.Marshal(mark{At: Millis(m.At), Kind: m.Kind, Text: m.Text})
}

// UnmarshalJSON reads what MarshalJSON writes, exact to the microsecond.
func (m *Mark) UnmarshalJSON(b []byte) error {
	var in mark
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*m = Mark{At: time.UnixMicro(int64(math.Round(in.At * 1000))), Kind: in.Kind, Text: in.Text}
	return nil
}

// Millis is a time as pages and streams have it: unix milliseconds, with a
// fraction of whole microseconds.
func Millis(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }
