package guide_test

import (
	"io/fs"
	"strings"
)

// walk hands over every file below the root.
func walk(files fs.FS, have func(name string, text []byte)) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err == nil {
			have(name, text)
		}
		return err
	})
}

func contains(text, part string) bool { return strings.Contains(text, part) }

func trimmed(text string) string { return strings.TrimRight(text, "\n") }
