package part1_test

import (
	"log/slog"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/lab"
	"github.com/affluxlab/afflux/internal/part1"
	"github.com/affluxlab/afflux/supervise"
)

// The room may import neither the tree nor the lab that names its children, so it writes
// the names down; here they are held against both.
func TestTheLabelsOfWorkAreNamesOfTheTree(t *testing.T) {
	l, err := lab.New(config.Defaults(), lab.Options{Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	children := l.Tree().Children
	for endpoint, room := range map[string]string{"serial": "/internal/web/", "async": "/internal/part1/"} {
		name, labelled := pprof.Label(part1.Labels[endpoint], supervise.Label)
		i := slices.IndexFunc(children, func(n supervise.Node) bool { return n.Name == name })
		if !labelled || i < 0 {
			t.Errorf("%s work belongs to %q, which is no child of the tree", endpoint, name)
		} else if !strings.Contains(children[i].Source, room) {
			t.Errorf("%s work belongs to %s, which is %s and not of %s", endpoint, name, children[i].Source, room)
		}
		if part, _ := pprof.Label(part1.Labels[endpoint], "part"); part != "part1" {
			t.Errorf("%s work is of part %q", endpoint, part)
		}
		if said, _ := pprof.Label(part1.Labels[endpoint], "endpoint"); said != endpoint {
			t.Errorf("%s work is of endpoint %q", endpoint, said)
		}
	}
}
