package part1

// Counts are the requests of an endpoint since the last reset. At every moment
// Requests = OK + Rejected + Failed + Open.
type Counts struct {
	Requests uint64 `json:"requests"` // that came
	OK       uint64 `json:"ok"`       // answered OK: done if serial, accepted if async
	Rejected uint64 `json:"rejected"` // answered that the resource is full
	Failed   uint64 `json:"failed"`   // answered otherwise, or the client did not wait
	Open     int    `json:"open"`     // not answered yet
}

func (c Counts) plus(d Counts) Counts {
	return Counts{c.Requests + d.Requests, c.OK + d.OK, c.Rejected + d.Rejected, c.Failed + d.Failed, c.Open + d.Open}
}

// ledger keeps Counts and, beside them, totals that a reset leaves alone.
type ledger struct {
	Counts
	forgotten Counts // what resets took away; Open is never among it
}

func (l *ledger) arrive() {
	l.Requests++
	l.Open++
}

func (l *ledger) answer(o Outcome) {
	l.Open--
	switch o {
	case OK:
		l.OK++
	case Rejected:
		l.Rejected++
	default:
		l.Failed++
	}
}

// reset begins a new epoch; what is open is carried over.
func (l *ledger) reset() {
	now := Counts{Requests: uint64(l.Open), Open: l.Open}
	l.forgotten = l.total()
	l.forgotten.Requests -= now.Requests
	l.forgotten.Open = 0
	l.Counts = now
}

// total returns the counts as if there had never been a reset.
func (l *ledger) total() Counts { return l.Counts.plus(l.forgotten) }
