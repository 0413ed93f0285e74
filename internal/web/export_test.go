package web

import "time"

// SetBodyTime and SetFarewell shorten limits until what they return is called.
func SetBodyTime(d time.Duration) (restore func()) { return set(&bodyTime, d) }
func SetFarewell(d time.Duration) (restore func()) { return set(&farewell, d) }

func set(at *time.Duration, d time.Duration) func() {
	old := *at
	*at = d
	return func() { *at = old }
}
