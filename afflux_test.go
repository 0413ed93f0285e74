package afflux_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// leftOut are tracked files that are not embedded: generated, hidden, pictures, and modules
// of their own.
func leftOut(name string) bool {
	switch {
	case name == "go.sum", name == "package-lock.json":
		return true
	case slices.ContainsFunc([]string{"bench/stage/", "tools/", "examples/load/", "examples/metrics/"}, func(m string) bool { return strings.HasPrefix(name, m) }):
		return true
	}
	hidden := func(step string) bool { return strings.HasPrefix(step, ".") }
	return slices.ContainsFunc(strings.Split(name, "/"), hidden) || path.Ext(name) == ".png"
}

// git lists files, or skips the test where there is no repository to ask.
func git(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"ls-files", "-z"}, args...)...).Output()
	if err != nil {
		t.Skip("no git repository:", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}

func TestEveryTextThatIsTrackedIsEmbedded(t *testing.T) {
	for _, name := range git(t) {
		if leftOut(name) {
			continue
		}
		want, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := fs.ReadFile(afflux.Source(), name); err != nil {
			t.Errorf("%s is not embedded: afflux.go lacks a pattern for it", name)
		} else if string(got) != string(want) {
			t.Errorf("%s is embedded with other text", name)
		}
	}
}

func TestNothingElseIsEmbedded(t *testing.T) {
	tracked := git(t, "--cached", "--others", "--exclude-standard")
	err := fs.WalkDir(afflux.Source(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (!slices.Contains(tracked, name) || leftOut(name)) {
			t.Errorf("%s is embedded", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
