package guide

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// document is a Markdown file as it is shown.
type document struct {
	Title    string // its first heading, which stands over the whole page
	Contents []*section
	Answers  int    // how many are folded
	html     string // with places for what depends on the visitor
}

// section is a line of the contents.
type section struct {
	ID, Title string
	Level     int
	Below     []*section
}

var markdown = goldmark.New(
	goldmark.WithExtensions(
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)),
		extension.Strikethrough, extension.Linkify, extension.TaskList,
	),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(blocks{}, 100))),
)

func newDocument(name, markup string) *document {
	source := []byte(markup)
	root := markdown.Parser().Parse(text.NewReader(source), parser.WithContext(parser.NewContext(parser.WithIDs(newAnchors()))))
	d := &document{Title: takeTitle(root, source)}
	lead(root, source, name)
	d.Contents = contents(root, source)
	d.Answers = fold(root, source)
	var out bytes.Buffer
	if err := markdown.Renderer().Render(&out, source, root); err != nil {
		return &document{Title: d.Title, html: `<pre>` + template.HTMLEscapeString(markup) + `</pre>`}
	}
	d.html = out.String()
	return d
}

// takeTitle takes the heading at the very top out of the document.
func takeTitle(root ast.Node, source []byte) string {
	first, ok := root.FirstChild().(*ast.Heading)
	if !ok || first.Level != 1 {
		return ""
	}
	root.RemoveChild(root, first)
	return words(first, source)
}

// contents are the headings of the second and third level, these below those.
func contents(root ast.Node, source []byte) []*section {
	var list []*section
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Level < 2 || h.Level > 3 {
			continue
		}
		s := &section{ID: anchor(h), Title: words(h, source), Level: h.Level}
		if last := len(list) - 1; h.Level == 3 && last >= 0 && list[last].Level == 2 {
			list[last].Below = append(list[last].Below, s)
		} else {
			list = append(list, s)
		}
	}
	return list
}

// words are the text of a node without its markup.
func words(n ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // nothing fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Value(source))
			if n.SoftLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.AutoLink:
			out.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

// shownDocument is a document as one visitor sees it.
type shownDocument struct {
	*document
	HTML template.HTML
	Open bool // all answers are
}

func (d *document) shown(r *http.Request) *shownDocument {
	open := r.URL.Query().Get("answers") == "open"
	html := places(r).Replace(d.html)
	if open {
		html = strings.ReplaceAll(html, foldedTag, openTag)
	}
	return &shownDocument{d, template.HTML(html), open} // made by goldmark, which leaves raw HTML out
}
