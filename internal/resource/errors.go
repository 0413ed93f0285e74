package resource

import (
	"errors"
	"fmt"
)

// ErrRestarted ends uses, and waits for one, that a restart of the resource
// overtook; it also answers those that come while it is not running. The work
// was not done and can be tried again.
var ErrRestarted = errors.New("the mock resource is restarting")

// FullError answers work that finds no room. Its text depends on the settings
// alone, not on the moment, so that all refusals of a run have one length.
type FullError struct {
	Limit      int // the limit that was reached
	MaxWaiting int // the length of the line, full too; 0 where nobody waits
}

func (e *FullError) Error() string {
	if e.MaxWaiting > 0 {
		return fmt.Sprintf("the mock resource is full: limit %d, %d waiting", e.Limit, e.MaxWaiting)
	}
	return fmt.Sprintf("the mock resource is full: limit %d", e.Limit)
}
