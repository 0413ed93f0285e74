package telemetry

import "time"

// How long and how finely is kept.
const (
	fineFor   = 10 * time.Minute // every sample
	coarseFor = 24 * time.Hour   // every second
	second    = time.Second

	fineRows, coarseRows = 1000, 600 // in a chunk: 20 seconds, 10 minutes
)

// archive is what a Recorder keeps: every sample for ten minutes, every second
// for a day. It is a plain value: no lock, no clock.
type archive struct {
	fine, coarse ring
	series       []Series
	spans        []span // of each series in coarse

	open     []float64 // the second that is not yet over, as a row of coarse
	openedAt int64     // its begin, nanoseconds since the Unix epoch
}

// span says in which columns of a ring a series stands. Where many samples have
// become one row it takes three if it is a gauge: sum, lowest, highest. Else
// they are one and the same.
type span struct{ sum, low, high int }

// weight is the column of coarse that says how many samples became one row.
const weight = 0

func newArchive(series []Series) archive {
	a := archive{series: series}
	width := weight + 1
	for _, s := range series {
		at := span{width, width, width}
		if s.Kind == Gauge {
			at.low, at.high = width+1, width+2
		}
		a.spans = append(a.spans, at)
		width = at.high + 1
	}
	a.fine = newRing(len(series), int(fineFor/Step), fineRows)
	a.coarse = newRing(width, int(coarseFor/second), coarseRows)
	a.open = make([]float64, width)
	return a
}

// add adds a sample, which must be later than the one before.
func (a *archive) add(at int64, row []float64) {
	a.fine.add(at, row)
	if begin := at - at%int64(second); begin != a.openedAt {
		a.close()
		a.openedAt = begin
	}
	a.open[weight]++
	for i, v := range row {
		a.fold(a.spans[i], a.series[i].Kind, v)
	}
}

// fold adds a sample of one series to the open second.
func (a *archive) fold(s span, kind Kind, v float64) {
	alone := a.open[weight] == 1
	switch {
	case alone:
		a.open[s.sum], a.open[s.low], a.open[s.high] = v, v, v
	case kind == Counter:
		a.open[s.sum] = v
	case kind == High:
		a.open[s.high] = max(a.open[s.high], v)
	default:
		a.open[s.sum] += v
		a.open[s.low] = min(a.open[s.low], v)
		a.open[s.high] = max(a.open[s.high], v)
	}
}

// close puts the open second away.
func (a *archive) close() {
	if a.open[weight] > 0 {
		a.coarse.add(a.openedAt, a.open)
		a.open[weight] = 0
	}
}

// oldest is the time of the oldest that is kept, a day before the newest at most;
// ok is false if there is nothing. Where samples are missing the rings reach
// further back.
func (a *archive) oldest() (at int64, ok bool) {
	if a.fine.next == 0 {
		return 0, false
	}
	at = a.fine.at(a.fine.first())
	if a.coarse.next > 0 {
		at = a.coarse.at(a.coarse.first())
	}
	return max(at, a.fine.at(a.fine.next-1)-int64(coarseFor)), true
}

// copyOpen appends the open second to a block of coarse, if there is one.
func (a *archive) copyOpen(b *block) {
	if a.open[weight] == 0 {
		return
	}
	b.at = append(b.at, a.openedAt)
	for i, column := range b.which {
		b.columns[i] = append(b.columns[i], a.open[column])
	}
}
