package guide

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// anchors are the IDs of a document's headings, as GitHub makes them: so a link into a
// document works in both places.
type anchors struct{ taken map[string]bool }

// newAnchors keeps those that the shell has for itself.
func newAnchors() *anchors {
	return &anchors{map[string]bool{"": true, "main": true, "strip": true, "spoken": true, "pulse": true, "freeze": true, "discard": true, "problems": true}}
}

// Generate implements goldmark's parser.IDs.
func (a *anchors) Generate(heading []byte, _ ast.NodeKind) []byte {
	id := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(string(heading)))
	free := id
	for n := 1; a.taken[free]; n++ {
		free = id + "-" + strconv.Itoa(n)
	}
	a.taken[free] = true
	return []byte(free)
}

// Put implements goldmark's parser.IDs.
func (a *anchors) Put(id []byte) { a.taken[string(id)] = true }

func anchor(h *ast.Heading) string {
	id, _ := h.AttributeString("id")
	text, _ := id.([]byte)
	return string(text)
}
