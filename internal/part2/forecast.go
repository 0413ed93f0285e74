package part2

import (
	"time"

	"github.com/affluxlab/afflux/stage"
)

// Forecast says when the system will be empty if all goes on as it does.
type Forecast struct {
	State   string   `json:"state"`   // idle, clearing, stalled, growing
	Seconds *float64 `json:"seconds"` // until it is empty, when clearing; else null
}

// The states of a forecast.
const (
	Idle     = "idle"     // nothing is in the system
	Clearing = "clearing" // more goes than comes
	Stalled  = "stalled"  // nothing goes
	Growing  = "growing"  // more comes than goes
)

// forecast is arithmetic: what is in the system, by what goes more than comes.
func forecast(inSystem int, in, out float64) Forecast {
	switch {
	case inSystem == 0:
		return Forecast{State: Idle}
	case out == 0:
		return Forecast{State: Stalled}
	case in >= out:
		return Forecast{State: Growing}
	}
	seconds := float64(inSystem) / (out - in)
	return Forecast{State: Clearing, Seconds: &seconds}
}

// rate is how many events end in a second: while more wait than are in hand by the
// pace, which steps of consumers do not shake, else as counted.
func (p *Part) rate(o *stage.OutletSnapshot) float64 {
	if o.InSystem() > o.Hands {
		return p.perSecond(o)
	}
	return o.RateOut
}

// perSecond is the pace at which what waits is worked off: as the last seconds have
// shown, or while they have not, as the latency lets expect of the uses going on.
func (p *Part) perSecond(o *stage.OutletSnapshot) float64 {
	if o.InSystem() == 0 || o.Paused && o.InSystem() > o.Hands {
		return 0
	}
	if rate, known := p.recent.perSecond(p.clock()); known {
		return rate
	}
	latency := max(p.mock.Settings().Latency, time.Microsecond)
	return float64(p.mock.Snapshot().Caller(Caller).Now.InFlight) / latency.Seconds()
}

func (p *Part) forecast(o *stage.OutletSnapshot) Forecast {
	return forecast(o.InSystem(), o.RateIn, p.perSecond(o))
}
