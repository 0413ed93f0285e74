package web

import (
	"fmt"
	"strings"
)

// checkRoutes returns an error naming the first row that is wrong.
func checkRoutes(rows []Route) error {
	seen := map[string]bool{}
	for _, r := range rows {
		row := r.Method + " " + r.Path
		switch {
		case r.Method != "GET" && r.Method != "POST" && r.Method != "PATCH":
			return fmt.Errorf("web: route %s: method is not GET, POST or PATCH", row)
		case !strings.HasPrefix(r.Path, "/"):
			return fmt.Errorf("web: route %s: path does not begin with /", row)
		case r.Handler == nil:
			return fmt.Errorf("web: route %s: no handler", row)
		case strings.HasPrefix(r.Path, "/api/v1/") && (r.Class != API || r.Doc.Summary == ""):
			return fmt.Errorf("web: route %s: an API route needs its class and a summary", row)
		case seen[row]:
			return fmt.Errorf("web: route %s stands in the table twice", row)
		}
		seen[row] = true
	}
	return nil
}
