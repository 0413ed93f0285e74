// Package archtest holds the drawing of ARCHITECTURE.md: which room may import
// which. A new arrow is a change of the drawing first.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/affluxlab/afflux"

// drawing is every room with those of ours that it may import; "(root)" is the room of the
// embedded source.
var drawing = map[string][]string{
	"(root)":             {},
	"supervise":          {},
	"stage":              {},
	"stage/stagetest":    {"stage"},
	"internal/resource":  {},
	"internal/telemetry": {},
	"internal/web":       {},
	"internal/virtual":   {},
	"internal/config":    {"internal/resource"},
	"internal/live":      {"internal/web"},
	"internal/part1":     {"internal/resource", "internal/telemetry", "internal/live", "internal/web"},
	"internal/part2":     {"stage", "supervise", "internal/resource", "internal/telemetry", "internal/live", "internal/web"},
	"internal/guide":     {"internal/live", "internal/web"},
	"internal/profile":   {},
	"internal/observer":  {"supervise", "internal/profile", "internal/live", "internal/web"},
	"internal/pipelines": {"stage", "internal/live", "internal/web"},
	"internal/lab": {
		"stage", "supervise", "internal/config", "internal/resource", "internal/part1", "internal/part2", "internal/telemetry",
		"internal/observer", "internal/pipelines", "internal/guide", "(root)", "internal/live", "internal/web",
	},
	"internal/archtest":    {},
	"internal/browsertest": {},
	"bench":                {},
	"examples/crawl":       {"stage"},
	"examples/ordered":     {"stage"},
	"examples/web":         {"stage"},
	"cmd/afflux":           {"internal/config", "internal/lab", "internal/observer", "internal/live", "internal/virtual", "internal/web"},
}

// standardOnly are the public rooms, which nobody pays for with a dependency.
var standardOnly = []string{"supervise", "stage", "stage/stagetest"}

// testsOnly are rooms, and the outside code they are there for, that only tests
// may use: the program must not carry them.
var testsOnly = []string{module + "/internal/browsertest", "github.com/chromedp/", "go.uber.org/goleak"}

type room struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func rooms(t *testing.T) map[string]room {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]room{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var r room
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[roomOf(r.ImportPath)] = r
	}
}

// roomOf is the room's name in the drawing; other packages keep theirs.
func roomOf(importPath string) string {
	if importPath == module {
		return "(root)"
	}
	return strings.TrimPrefix(importPath, module+"/")
}

func TestEveryArrowIsInTheDrawing(t *testing.T) {
	all := rooms(t)
	for name, r := range all {
		allowed, drawn := drawing[name]
		if !drawn {
			t.Errorf("%s is not in the drawing", name)
		}
		for _, imported := range r.Imports {
			to := roomOf(imported)
			if ours := to != imported; ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which the drawing does not have", name, to)
			}
		}
	}
	for name := range maps.Keys(drawing) {
		if _, ok := all[name]; !ok {
			t.Errorf("%s is drawn, but not there", name)
		}
	}
}

func TestPublicRoomsUseTheStandardLibraryAlone(t *testing.T) {
	all := rooms(t)
	for _, name := range standardOnly {
		for _, dep := range all[name].Deps {
			host, _, _ := strings.Cut(dep, "/")
			ours, _ := strings.CutPrefix(dep, module+"/")
			if strings.Contains(host, ".") && !slices.Contains(standardOnly, ours) {
				t.Errorf("%s depends on %s", name, dep)
			}
		}
	}
}

// What a room's tests import is no arrow: go list counts it apart.
func TestOnlyTestsUseWhatIsForTests(t *testing.T) {
	for name, r := range rooms(t) {
		for _, dep := range r.Deps {
			for _, banned := range testsOnly {
				if strings.HasPrefix(dep, banned) && name != "internal/browsertest" {
					t.Errorf("%s depends on %s, which only tests may", name, dep)
				}
			}
		}
	}
}
