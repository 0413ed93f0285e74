package guide

import (
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extended "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// blocks renders what looks different in the lab than plain HTML.
type blocks struct{}

// RegisterFuncs implements goldmark's renderer.NodeRenderer.
func (b blocks) RegisterFuncs(with renderer.NodeRendererFuncRegisterer) {
	with.Register(ast.KindHeading, heading)
	with.Register(ast.KindFencedCodeBlock, codeBlock)
	with.Register(ast.KindCodeBlock, codeBlock)
	with.Register(ast.KindImage, image)
	with.Register(extended.KindTable, table)
	with.Register(extended.KindTableCell, cell)
	with.Register(kindAnswer, folded)
}

func heading(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	h := n.(*ast.Heading)
	tag := "h" + string("0123456"[h.Level])
	id := template.HTMLEscapeString(anchor(h))
	if entering {
		_, _ = w.WriteString("<" + tag + ` id="` + id + `">`)
	} else {
		_, _ = w.WriteString(` <a class="anchor" href="#` + id + `" aria-label="Link to: ` + template.HTMLEscapeString(words(h, source)) + `">#</a></` + tag + ">\n")
	}
	return ast.WalkContinue, nil
}

// codeBlock is the component "code"; what has no language, such as what a program has
// printed, is nothing to copy.
func codeBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	language := ""
	if fenced, ok := n.(*ast.FencedCodeBlock); ok {
		language = string(fenced.Language(source))
	}
	text := ""
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		text += string(line.Value(source))
	}
	text = strings.TrimRight(text, "\n")
	if language == "" && commands(text) {
		language = "sh"
	}
	class := "copyable"
	if language != "" && lexerOf(language) == lexerOf("sh") {
		class, text = "copyable command", visiting(text)
	}
	_, _ = w.WriteString(`<div class="` + class + `"><pre tabindex="0"><code class="code-colours">` + highlight(language, text) + `</code></pre>`)
	if language != "" && language != "text" {
		_, _ = w.WriteString(`<button type="button" class="quiet copy js-only" data-copy>Copy</button>`)
	}
	_, _ = w.WriteString("</div>\n")
	return ast.WalkSkipChildren, nil
}

// command is a line that begins as the commands of our documents do.
var command = regexp.MustCompile(`^(?:[A-Z_]+=\S* )*(?:#|(?:ab|afflux|awk|bin/afflux|curl|export|go|make|sleep)(?: |$))`)

// commands tells of a block whose language is not said whether it is for a shell. What
// follows a pipe or a backslash at the end of a line belongs to the command of that line.
func commands(text string) bool {
	goesOn := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line != "" && !goesOn && !command.MatchString(line) {
			return false
		}
		goesOn = strings.HasSuffix(line, "|") || strings.HasSuffix(line, `\`)
	}
	return text != ""
}

// image tells what the picture shows: pictures are not in the program.
func image(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(`<span class="note">[Picture: ` + template.HTMLEscapeString(words(n, source)) + `]</span>`)
	}
	return ast.WalkSkipChildren, nil
}

func table(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(`<div class="scroll" tabindex="0" role="region" aria-label="` + template.HTMLEscapeString(tableLabel(n, source)) + `"><table class="data">` + "\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}

// tableLabel names a table by the columns it has, or by what it stands under.
func tableLabel(n ast.Node, source []byte) string {
	label := ""
	for c := n.FirstChild().FirstChild(); c != nil; c = c.NextSibling() {
		if said := words(c, source); said != "" && label != "" {
			label += ", " + said
		} else {
			label += said
		}
	}
	if label == "" {
		return "Table"
	}
	return "Table: " + label
}

func cell(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	c, tag := n.(*extended.TableCell), "td"
	if n.Parent().Kind() == extended.KindTableHeader {
		tag = "th"
	}
	if !entering {
		_, _ = w.WriteString("</" + tag + ">\n")
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString("<" + tag)
	if tag == "th" {
		_, _ = w.WriteString(` scope="col"`)
	}
	if c.Alignment == extended.AlignRight {
		_, _ = w.WriteString(` class="n"`)
	}
	_, _ = w.WriteString(">")
	return ast.WalkContinue, nil
}

func folded(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(foldedTag + "<summary>" + template.HTMLEscapeString(n.(*answer).label) + "</summary>\n")
	} else {
		_, _ = w.WriteString("</details>\n")
	}
	return ast.WalkContinue, nil
}
