package web

import (
	"fmt"
	"slices"
	"strings"
)

// methods are those that a row may have, and HEAD, which GET brings along.
var methods = []string{"GET", "HEAD", "PATCH", "POST"}

// checkRoutes returns an error naming the first row that is wrong.
func checkRoutes(rows []Route) error {
	seen := map[string]bool{}
	for _, r := range rows {
		row := r.Method + " " + r.Path
		switch {
		case r.Method == "HEAD" || !slices.Contains(methods, r.Method):
			return fmt.Errorf("web: route %s: method is not GET, POST or PATCH", row)
		case !strings.HasPrefix(r.Path, "/"):
			return fmt.Errorf("web: route %s: path does not begin with /", row)
		case r.Class < Work || r.Class > Stream:
			return fmt.Errorf("web: route %s: class %d is none of the five", row, r.Class)
		case r.Handler == nil:
			return fmt.Errorf("web: route %s: no handler", row)
		case strings.HasPrefix(r.Path, "/api/v1/") && ((r.Class != API && r.Class != Stream) || r.Doc.Summary == ""):
			return fmt.Errorf("web: route %s: an API route needs its class and a summary", row)
		case seen[row]:
			return fmt.Errorf("web: route %s stands in the table twice", row)
		}
		seen[row] = true
	}
	return nil
}
