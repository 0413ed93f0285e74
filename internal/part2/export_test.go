package part2

import "context"

// Instead has f done with each event, in the place of a use of the resource.
func (p *Part) Instead(f func(context.Context) error) { p.instead = f }
