package telemetry

import "time"

// Frame is samples of all series, oldest first, for a stream. It is a copy and
// belongs to who has it, but for Names, which must not be changed.
type Frame struct {
	T       []int64     // unix milliseconds on the grid, one for each sample
	Names   []string    // one for each column
	Columns [][]float64 // in each, a number for each sample
}

// After returns all samples after the one with that number that are still kept,
// and the number of the newest: what to ask with next time. The first sample has
// the number 1. A number beyond the newest brings nothing.
func (r *Recorder) After(seq uint64) (Frame, uint64) {
	r.mu.RLock()
	from, to := max(seq, r.kept.fine.first()), r.kept.fine.next
	r.mu.RUnlock()
	f := Frame{Names: r.names}
	if from >= to {
		return f, to
	}
	b := newBlock(r.all, int(to-from))
	r.copyFine(b, from, to)
	f.T, f.Columns = b.at, b.columns
	for i, at := range b.at {
		f.T[i] = tick(at) * int64(Step/time.Millisecond)
	}
	return f, to
}

// AppendJSON appends {"t":[1764026400000,1764026400020],"in_flight":[50,49],
// "finished":3000} to b. A series whose numbers are all alike is written once,
// bare; a number that JSON has not is null. Without samples it is {"t":[]}.
func (f Frame) AppendJSON(b []byte) []byte {
	b = append(b, `{"t":`...)
	b = appendTimes(b, f.T)
	for i, values := range f.Columns {
		b = append(b, ',', '"')
		b = append(b, f.Names[i]...)
		b = append(b, '"', ':')
		if alike(values) {
			b = appendNumber(b, values[0])
		} else {
			b = appendNumbers(b, values)
		}
	}
	return append(b, '}')
}

// MarshalJSON returns the same. It never fails.
func (f Frame) MarshalJSON() ([]byte, error) { return f.AppendJSON(nil), nil }

func alike(values []float64) bool {
	if len(values) == 0 {
		return false
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return false
		}
	}
	return true
}
