package live

import (
	"io/fs"
	"net/http"
	"net/url"
)

// Page is one page as its room declares it; the site draws it inside the shell.
//
// Data is asked once per drawing. When what it returns has a method Status() int,
// the answer carries that status instead of 200; a method PageTitle() string tells its
// title, where one page shows many things.
type Page struct {
	Path  string // "/part1"; "/" for home; patterns as in "/source/{path...}"
	Title string
	Nav   string // its word in the top bar; empty: not listed
	Key   string // the letter of its "g" shortcut; empty: none
	Files fs.FS  // holds the page's templates, *.html; "page" is the one that is drawn
	Calm  bool   // nothing on it moves more often than four times a second: its stream need not
	Data  func(r *http.Request) any
}

// Folder is a folder of the files that a room embeds. One that is not there is a
// mistake of the program and panics.
func Folder(files fs.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err)
	}
	return sub
}

// Panel is a piece of page that one room fills into another room's slot.
type Panel struct {
	Files    fs.FS
	Template string
	Data     func(r *http.Request) any
}

// Form is what a refused form brings back: the entries as they were typed and what is wrong with each.
type Form struct {
	Values url.Values
	Errors map[string]string // by field name; "" for the form as a whole
}

// Column is a column of the "table" component.
type Column struct {
	Head   string
	Number bool // aligned to the right, in tabular figures
}

// Node is a line of the "tree" component with what hangs below it.
type Node struct {
	Name     string
	Href     string // where its name leads; empty: nowhere
	Note     string
	State    string // shown as a badge; empty: none
	Colour   string // the badge's meaning
	Children []Node
}

// Part is a share of the "bar" component.
type Part struct {
	Label  string
	Value  float64
	Text   string // the value as it is shown; empty: the number itself
	Colour string
}

// status is what a page's data may say about its answer.
type status interface{ Status() int }

// titled is what a page's data may say about its title.
type titled interface{ PageTitle() string }

// template and data of one thing that can be drawn: a page or a panel.
type drawable struct {
	sheet *sheet
	name  string
	data  func(r *http.Request) any
}

func (d drawable) ask(r *http.Request) any {
	if d.data == nil {
		return nil
	}
	return d.data(r)
}

// page is a Page that has been added.
type page struct {
	drawable
	Page
	site *Site
}
