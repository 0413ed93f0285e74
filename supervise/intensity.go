package supervise

import (
	"slices"
	"time"
)

// intensity decides whether one restart more is still bearable: at most max in
// any stretch of time as long as within.
type intensity struct {
	max    int
	within time.Duration
	recent []time.Time // restarts granted, oldest first, none older than within
}

func (i *intensity) allow(now time.Time) bool {
	i.forget(now)
	if len(i.recent) >= i.max {
		return false
	}
	i.recent = append(i.recent, now)
	return true
}

func (i *intensity) forget(now time.Time) {
	for len(i.recent) > 0 && now.Sub(i.recent[0]) > i.within {
		i.recent = i.recent[1:]
	}
}

// shown is the intensity as it stands now.
func (i *intensity) shown(now time.Time) Intensity {
	i.forget(now)
	return Intensity{Max: i.max, Within: i.within, Recent: slices.Clone(i.recent)}
}
