package part1

import "context"

// Labels are those of the goroutines that work, by endpoint.
var Labels = map[string]context.Context{"serial": serialLabels, "async": asyncLabels}
