package part2

import (
	"context"
	"time"
)

// Instead has f done with each event, in the place of a use of the resource.
func (p *Part) Instead(f func(context.Context) error) { p.instead = f }

// Means are the mean latency of the last hundred events and the weighted one.
func (p *Part) Means() (last, weighted time.Duration) { return p.recent.means() }
