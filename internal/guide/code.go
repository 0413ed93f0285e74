package guide

import (
	"html/template"
	"path"
	"strconv"
	"strings"

	"github.com/alecthomas/chroma/v2"
)

// code is a file as it is shown: a line each, with its number as its anchor.
type code struct {
	Name string
	HTML template.HTML
}

func newCode(name, text string) *code {
	var out strings.Builder
	text = strings.TrimSuffix(text, "\n")
	for i, line := range strings.Split(highlight(languageOf(name), text), "\n") {
		n := strconv.Itoa(i + 1)
		out.WriteString(`<span class="line" id="L` + n + `"><a class="ln" href="#L` + n + `" tabindex="-1">` + n + `</a><span class="cl">` + line + "\n</span></span>")
	}
	return &code{name, template.HTML(out.String())} // escaped by highlight
}

// languageOf names a file's language as the block of a document does.
func languageOf(name string) string {
	switch base := path.Base(name); base {
	case "Makefile", "go.mod":
		return base
	}
	return strings.TrimPrefix(path.Ext(name), ".")
}

// highlight returns text as escaped HTML with its colours, as elements that never cross the
// end of a line. Text in a language that is not known has none.
func highlight(language, text string) string {
	var out strings.Builder
	for _, token := range tokens(language, text) {
		class := classOf(token.Type)
		for i, line := range strings.Split(token.Value, "\n") {
			if i > 0 {
				out.WriteByte('\n')
			}
			paint(&out, class, line)
		}
	}
	return out.String()
}

func paint(out *strings.Builder, class, text string) {
	if class == "" || strings.TrimSpace(text) == "" {
		out.WriteString(template.HTMLEscapeString(text))
		return
	}
	out.WriteString(`<span class="` + class + `">` + template.HTMLEscapeString(text) + `</span>`)
}

// tokens never loses a letter: where a lexer would, the text is one token without a colour.
func tokens(language, text string) []chroma.Token {
	plain := []chroma.Token{{Type: chroma.Text, Value: text}}
	lexer := lexerOf(language)
	if lexer == nil {
		return plain
	}
	found, err := chroma.Tokenise(lexer, nil, text)
	if err != nil || chroma.Stringify(found...) != text {
		return plain
	}
	return found
}

// classOf is one of the few kinds that own/code.css has a colour for.
func classOf(kind chroma.TokenType) string {
	switch {
	case kind.InCategory(chroma.Comment):
		return "c"
	case kind == chroma.KeywordConstant || kind.InSubCategory(chroma.Number):
		return "m"
	case kind == chroma.KeywordType:
		return "t"
	case kind.InCategory(chroma.Keyword) || kind == chroma.NameTag:
		return "k"
	case kind == chroma.NameFunction:
		return "f"
	case kind == chroma.NameAttribute || kind == chroma.NameVariable:
		return "a"
	case kind.InSubCategory(chroma.String):
		return "s"
	}
	return ""
}
