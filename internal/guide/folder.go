package guide

import (
	"cmp"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// folder is one folder of the repository.
type folder struct {
	path    string
	folders []*folder
	files   []*file
	Says    func() string // what its package is for, in a sentence
}

// entry is a line of a folder's list.
type entry struct {
	link
	Folder bool
	Note   string // of a folder: what its package is for; of a document: its title
	Lines  int
}

func newFolder(name string) *folder {
	f := &folder{path: name}
	f.Says = sync.OnceValue(f.synopsis)
	return f
}

// Entries are the folders, then the files.
func (f *folder) Entries() []entry {
	list := make([]entry, 0, len(f.folders)+len(f.files))
	for _, sub := range f.folders {
		list = append(list, entry{link{path.Base(sub.path), address(sub.path)}, true, sub.Says(), 0})
	}
	for _, file := range f.files {
		list = append(list, entry{link{path.Base(file.path), address(file.path)}, false, file.title(), lines(file.text())})
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		if a.Folder != b.Folder {
			return cmp.Compare(b2i(b.Folder), b2i(a.Folder))
		}
		return strings.Compare(a.Word, b.Word)
	})
	return list
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// HasFiles tells a folder of folders from others.
func (f *folder) HasFiles() bool { return len(f.files) > 0 }

// synopsis is the first sentence of the package's comment, wherever in the folder it stands;
// tests speak where there is nothing else.
func (f *folder) synopsis() string {
	tests := ""
	for _, file := range f.files {
		said := file.comment()
		if said != "" && !strings.HasSuffix(file.path, "_test.go") {
			return said
		}
		tests = cmp.Or(tests, said)
	}
	return tests
}

// reference is a name in a comment that documentation makes a link of.
var reference = regexp.MustCompile(`\[([\w.]+)\]`)

// comment is the first sentence of a Go file's comment on its package.
func (f *file) comment() string {
	if path.Ext(f.path) != ".go" {
		return ""
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), f.path, f.text(), parser.PackageClauseOnly|parser.ParseComments)
	if err != nil || parsed.Doc == nil {
		return ""
	}
	return reference.ReplaceAllString(new(doc.Package).Synopsis(parsed.Doc.Text()), "$1")
}

// title is the heading that a document begins with.
func (f *file) title() string {
	first, _, _ := strings.Cut(f.text(), "\n")
	title, ok := strings.CutPrefix(first, "# ")
	if !ok || !isDocument(f.path) {
		return ""
	}
	return strings.TrimSpace(title)
}

// lines is how many lines a text has; the last one may lack its end.
func lines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}
