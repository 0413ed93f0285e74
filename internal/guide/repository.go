package guide

import (
	"io/fs"
	"path"
	"strings"
	"sync"
)

// repository is the files and folders by their paths. It is complete from the start, so that
// a path from outside is looked up, never opened.
type repository struct {
	files   map[string]*file
	folders map[string]*folder // "" is the whole
}

// file is one file; it is read, and what is made of it is made, once, when it is first asked for.
type file struct {
	path     string
	text     func() string
	code     func() *code
	document func() *document // of Markdown
}

func read(files fs.FS) (*repository, error) {
	r := &repository{files: map[string]*file{}, folders: map[string]*folder{"": newFolder("")}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		r.add(name, func() string { return readText(files, name) })
		return nil
	})
	return r, err
}

// readText returns a file's text, or why there is none, which is not expected of files that
// are embedded.
func readText(files fs.FS, name string) string {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return "This file could not be read: " + err.Error()
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

func (r *repository) add(name string, read func() string) {
	f := &file{path: name, text: sync.OnceValue(read)}
	f.code = sync.OnceValue(func() *code { return newCode(f.path, f.text()) })
	f.document = sync.OnceValue(func() *document { return newDocument(f.path, f.text()) })
	r.files[name] = f
	r.parent(name).files = append(r.parent(name).files, f)
}

// parent is the folder that a path stands in; it and those above it are made when they are new.
func (r *repository) parent(name string) *folder {
	above := strings.TrimPrefix(path.Dir(name), ".")
	if have := r.folders[above]; have != nil {
		return have
	}
	made := newFolder(above)
	r.folders[above] = made
	r.parent(above).folders = append(r.parent(above).folders, made)
	return made
}

func isDocument(name string) bool { return path.Ext(name) == ".md" }
