package guide

import (
	"strings"

	"github.com/yuin/goldmark/ast"
)

// answer is what is folded away until a reader has made a guess of their own.
type answer struct {
	ast.BaseBlock
	label string
}

var kindAnswer = ast.NewNodeKind("Answer")

// Kind implements ast.Node.
func (*answer) Kind() ast.NodeKind { return kindAnswer }

// Dump implements ast.Node.
func (a *answer) Dump(source []byte, level int) { ast.DumpHelper(a, source, level, nil, nil) }

const (
	foldedTag = `<details class="answer">`
	openTag   = `<details class="answer" open>`
)

// fold puts every answer of a node, and of those in it, into a node of its own, and returns
// how many there are.
func fold(parent ast.Node, source []byte) int {
	var into *answer
	found := 0
	for n := parent.FirstChild(); n != nil; {
		next := n.NextSibling()
		if label := answerLabel(n, source); label != "" {
			into = &answer{label: label}
			parent.InsertBefore(parent, n, into)
			found++
			takeLabel(n)
		} else if endsAnswer(n, source) {
			into = nil
		}
		if into != nil && (n.HasChildren() || n.Kind() != ast.KindParagraph) {
			into.AppendChild(into, n) // which takes it from where it was
		} else if into != nil {
			parent.RemoveChild(parent, n) // the label was all of it
		} else if n.Type() == ast.TypeBlock {
			found += fold(n, source)
		}
		n = next
	}
	return found
}

// answerLabel is "Answer" where that is the strong word that a paragraph begins with.
func answerLabel(n ast.Node, source []byte) string {
	label, ok := strongStart(n, source)
	if label = strings.TrimRight(label, ".:"); ok && (label == "Answer" || strings.HasPrefix(label, "Answer ") || strings.HasPrefix(label, "Answer,")) {
		return label
	}
	return ""
}

// endsAnswer tells of a node that what follows an answer begins with it.
func endsAnswer(n ast.Node, source []byte) bool {
	switch n.Kind() {
	case ast.KindHeading, ast.KindThematicBreak:
		return true
	}
	label, ok := strongStart(n, source)
	return ok && strings.HasSuffix(label, "?")
}

// strongStart is what a paragraph says first and with emphasis.
func strongStart(n ast.Node, source []byte) (string, bool) {
	if n.Kind() != ast.KindParagraph && n.Kind() != ast.KindTextBlock {
		return "", false
	}
	strong, ok := n.FirstChild().(*ast.Emphasis)
	if !ok || strong.Level != 2 {
		return "", false
	}
	return words(strong, source), true
}

// takeLabel removes the label, which the fold shows, and the space behind it.
func takeLabel(n ast.Node) {
	n.RemoveChild(n, n.FirstChild())
	if rest, ok := n.FirstChild().(*ast.Text); ok {
		switch rest.Segment.Len() {
		case 0:
			n.RemoveChild(n, rest)
		default:
			rest.Segment = rest.Segment.WithStart(rest.Segment.Start + 1)
		}
	}
}
