package live

import (
	"math"
	"time"
)

// Spread is a row of the "histogram" component: how long something took, over a
// logarithmic axis that all rows share.
type Spread struct {
	Label  string
	Colour string // its meaning
	Bins   []Bin
	Ticks  []time.Duration // marked by a line, such as the median
}

// Bin is how many took from From to less than To.
type Bin struct {
	From, To time.Duration
	Count    uint64
}

// histogram is what the component draws: places in percent of the width, heights in
// percent of the row.
type histogram struct {
	Rows []spreadRow
	Axis []axisTick
}

type spreadRow struct {
	Spread
	Bars  []bar
	Lines []float64
}

type bar struct{ X, Width, Height float64 }

type axisTick struct {
	X     float64
	Label string
	End   string // how the label stands to its place: start, middle, end
}

// histogramOf lays rows out over the decades that they need together.
func histogramOf(rows []Spread) histogram {
	low, high := decades(rows)
	place := func(d time.Duration) float64 {
		x := (math.Log10(float64(max(d, 1))) - low) / (high - low) * 100
		return round2(min(max(x, 0), 100))
	}
	h := histogram{}
	for _, row := range rows {
		out := spreadRow{Spread: row}
		var most uint64
		for _, b := range row.Bins {
			most = max(most, b.Count)
		}
		for _, b := range row.Bins {
			if b.Count == 0 {
				continue
			}
			x := place(b.From)
			// A single request among thousands still shows.
			height := max(100*float64(b.Count)/float64(most), 4)
			out.Bars = append(out.Bars, bar{x, max(round2(place(b.To)-x), 0.3), math.Round(height*10) / 10})
		}
		for _, t := range row.Ticks {
			out.Lines = append(out.Lines, place(t))
		}
		h.Rows = append(h.Rows, out)
	}
	for e := low; e <= high; e++ {
		tick := axisTick{X: (e - low) / (high - low) * 100, Label: decade(e), End: "middle"}
		switch e {
		case low:
			tick.End = "start"
		case high:
			tick.End = "end"
		}
		h.Axis = append(h.Axis, tick)
	}
	return h
}

// decade names a power of ten, in nanoseconds; above a second in seconds, since ten of
// them are no round number of minutes.
func decade(e float64) string {
	if e > 9 {
		return sig(math.Pow(10, e-9)) + " s"
	}
	return duration(time.Duration(math.Pow(10, e)))
}

func round2(f float64) float64 { return math.Round(f*100) / 100 }

// decades are the powers of ten, in nanoseconds, between which all bins lie: at
// least from 1 ms to 1 s, so that a first request does not fill the picture.
func decades(rows []Spread) (low, high float64) {
	low, high = 6, 9
	for _, row := range rows {
		for _, b := range row.Bins {
			if b.Count == 0 {
				continue
			}
			low = min(low, math.Floor(math.Log10(float64(max(b.From, 1)))+1e-9))
			high = max(high, math.Ceil(math.Log10(float64(max(b.To, 1)))-1e-9))
		}
	}
	return low, high
}
