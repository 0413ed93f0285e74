package telemetry

import (
	"fmt"
	"strings"
)

// Series is one number that is watched over time.
type Series struct {
	Name string // "in_flight": unique in a Recorder, and its key in JSON
	Kind Kind
	Unit string // "requests", "bytes", "s"; for people
	Help string // one sentence, for people
}

// Instrument is a group of series whose numbers are read together, so that
// they were true together.
type Instrument struct {
	Series []Series
	// Read fills row, one number for each of Series. It is called by one
	// goroutine, 50 times a second, without a lock held; it must not keep row,
	// and has to be quick, as what it takes is taken from the next sample's time.
	Read func(row []float64)
}

// check says what is wrong with s, if anything. A name is a key in JSON and a
// value in addresses, so it is kept to what needs no quoting in either.
func (s Series) check() error {
	if s.Name == "" || s.Name == "t" || strings.ContainsFunc(s.Name, needsQuoting) {
		return fmt.Errorf("telemetry: %q is no name for a series", s.Name)
	}
	if s.Kind < Gauge || s.Kind > High {
		return fmt.Errorf("telemetry: series %q: a %s is not sampled", s.Name, s.Kind)
	}
	return nil
}

func needsQuoting(c rune) bool {
	plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	return !plain && !strings.ContainsRune("_.-", c)
}
