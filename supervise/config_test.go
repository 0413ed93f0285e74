package supervise_test

import (
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

func TestAWrongConfigIsRefusedByName(t *testing.T) {
	c := func(name string) supervise.Child { return supervise.Child{Name: name, Service: waits} }
	below := tree(t, supervise.Config{Name: "inner", Children: []supervise.Child{c("x")}})
	for want, cfg := range map[string]supervise.Config{
		"a tree needs a name":    {},
		"unknown strategy":       {Name: "n", Strategy: 7},
		"Within is -1s":          {Name: "n", Within: -time.Second},
		"child 1: has no name":   {Name: "n", Children: []supervise.Child{c("a"), c("")}},
		`"f" has no service`:     {Name: "n", Children: []supervise.Child{{Name: "f", Service: supervise.Func(nil)}}},
		`"t" has no service`:     {Name: "n", Children: []supervise.Child{{Name: "t", Service: (*supervise.Tree)(nil)}}},
		`e: two are named "x"`:   {Name: "e", Children: []supervise.Child{c("x"), {Name: "b", Service: &embedsTree{below}}}},
		`"a" has no service`:     {Name: "n", Children: []supervise.Child{{Name: "a"}}},
		`"a": unknown restart 9`: {Name: "n", Children: []supervise.Child{{Name: "a", Service: waits, Restart: 9}}},
		`two are named "a"`:      {Name: "n", Children: []supervise.Child{c("a"), c("a")}},
		`two are named "n"`:      {Name: "n", Children: []supervise.Child{c("n")}},
		`n: two are named "x"`:   {Name: "n", Children: []supervise.Child{c("x"), {Name: "b", Service: below}}},
	} {
		if _, err := supervise.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
