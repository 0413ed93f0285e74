package guide

import (
	"math"
	"sync"

	c "github.com/alecthomas/chroma/v2"
)

// The languages of this repository. Chroma's engine reads them by our own few rules and not
// by its lexers: that package makes all of its 279 when a program starts, which the children
// of the virtual clock would wait for each time (docs/adr/0012).
var lexers = map[string]func() c.Lexer{
	"go":       lexer(golang),
	"sh":       lexer(shell),
	"toml":     lexer(toml),
	"html":     lexer(markup),
	"css":      lexer(styles),
	"js":       lexer(script),
	"json":     lexer(data),
	"md":       lexer(prose),
	"Makefile": lexer(makefile),
	"go.mod":   lexer(module),
}

// aliases are further names that blocks of documents use.
var aliases = map[string]string{
	"bash": "sh", "shell": "sh", "console": "sh", "golang": "go", "javascript": "js", "svg": "html",
	"make": "Makefile", "makefile": "Makefile",
}

func lexerOf(language string) c.Lexer {
	if known, ok := aliases[language]; ok {
		language = known
	}
	if made, ok := lexers[language]; ok {
		return made()
	}
	return nil
}

// lexer makes a lexer when it is first asked for.
func lexer(rules c.Rules) func() c.Lexer {
	return sync.OnceValue(func() c.Lexer {
		last := c.Rule{Pattern: `(?!)`, Type: c.Text, Mutator: patient{}} // matches nothing
		rules["root"] = append(rules["root"], last)
		return c.MustNewLexer(&c.Config{}, func() c.Rules { return rules })
	})
}

// patient takes the time limits away that chroma gives its patterns. They are kept by a
// goroutine that nobody waits for, and on a busy machine they would colour wrongly, once and
// for all. Our patterns need none: they do not go far back when they fail.
type patient struct{}

func (patient) Mutate(*c.LexerState) error { return nil }

func (patient) MutateLexer(rules c.CompiledRules, state string, rule int) error {
	for _, all := range rules {
		for _, one := range all {
			one.Regexp.MatchTimeout = math.MaxInt64 // regexp2's word for none
		}
	}
	rules[state][rule].Mutator = nil // done
	return nil
}

// One pattern each for what languages share.
const (
	quoted     = `"(?:\\.|[^"\\\n])*"`
	singly     = `'(?:\\.|[^'\\\n])*'`
	slashes    = `//[^\n]*`
	starred    = `/\*[\s\S]*?\*/`
	figure     = `\b(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?)`
	goTypes    = `(?:bool|byte|rune|string|error|any|comparable|u?int(?:8|16|32|64|ptr)?|float32|float64|complex64|complex128)\b`
	goKeywords = `(?:break|case|chan|const|continue|default|defer|else|fallthrough|for|func|go|goto|if|import|interface|map|package|range|return|select|struct|switch|type|var)\b`
	jsKeywords = `(?:async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|let|new|of|return|static|super|switch|this|throw|try|typeof|while|yield)\b`
)

var golang = c.Rules{"root": {
	{Pattern: slashes, Type: c.Comment},
	{Pattern: starred, Type: c.Comment},
	{Pattern: "`[^`]*`", Type: c.String},
	{Pattern: quoted, Type: c.String},
	{Pattern: singly, Type: c.String},
	{Pattern: figure, Type: c.Number},
	{Pattern: `(func)(\s+)(\([^()\n]*\)\s*)?(\w+)`, Type: c.ByGroups(c.Keyword, c.Text, c.Text, c.NameFunction)},
	{Pattern: `(type)(\s+)(\w+)`, Type: c.ByGroups(c.Keyword, c.Text, c.NameFunction)},
	{Pattern: goKeywords, Type: c.Keyword},
	{Pattern: `(?:true|false|nil|iota)\b`, Type: c.KeywordConstant},
	{Pattern: goTypes, Type: c.KeywordType},
	{Pattern: `\.?[\p{L}_][\p{L}\p{N}_]*`, Type: c.Text},
	{Pattern: `[^\p{L}\p{N}_."'/` + "`" + `]+`, Type: c.Text},
	{Pattern: `.`, Type: c.Text},
}}

var shell = c.Rules{"root": {
	{Pattern: `(?<=^|\s)#[^\n]*`, Type: c.Comment},
	{Pattern: `\\.`, Type: c.Text},
	{Pattern: `"(?:\\[\s\S]|[^"\\])*"`, Type: c.String},
	{Pattern: `'[^']*'`, Type: c.String},
	{Pattern: `\$(?:\{[^}\n]*\}|\w+|[@*#?$!])`, Type: c.NameVariable},
	{Pattern: `(?<=^|[\s;])(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|return|exit|export|function)(?=$|[\s;])`, Type: c.Keyword},
	{Pattern: `(?<=^[ \t]*)[A-Z_][A-Z0-9_]*(?==)`, Type: c.NameVariable},
	{Pattern: `(?<=^[ \t]*(?:\$ )?(?:[A-Z_]+=[^\s"']* )*|[|&;] ?)[a-z][\w./-]*(?=$|\s)`, Type: c.NameFunction},
	{Pattern: `(?<=\s)--?[A-Za-z][\w-]*`, Type: c.NameAttribute},
	{Pattern: `[^\s"'$#\\;|&=]+`, Type: c.Text},
	{Pattern: `[\s\S]`, Type: c.Text},
}}

var toml = c.Rules{"root": {
	{Pattern: `#[^\n]*`, Type: c.Comment},
	{Pattern: `(?<=^[ \t]*)\[[^\]\n]*\]+`, Type: c.Keyword},
	{Pattern: `[\w.-]+(?=[ \t]*=)`, Type: c.NameAttribute},
	{Pattern: `"""[\s\S]*?"""`, Type: c.String},
	{Pattern: quoted, Type: c.String},
	{Pattern: `'[^'\n]*'`, Type: c.String},
	{Pattern: `(?:true|false)\b`, Type: c.KeywordConstant},
	{Pattern: figure, Type: c.Number},
	{Pattern: `[\s\S]`, Type: c.Text},
}}

// markup is HTML with the actions of Go's templates.
var markup = c.Rules{
	"root": {
		{Pattern: `\{\{-?\s*/\*[\s\S]*?\*/\s*-?\}\}|<!--[\s\S]*?-->|<!doctype[^>]*>`, Type: c.Comment},
		{Pattern: `\{\{`, Type: c.Keyword, Mutator: c.Push("action")},
		{Pattern: `</?[A-Za-z][\w-]*`, Type: c.NameTag, Mutator: c.Push("tag")},
		{Pattern: `[^<{]+`, Type: c.Text},
		{Pattern: `.`, Type: c.Text},
	},
	"tag": {
		{Pattern: `\{\{`, Type: c.Keyword, Mutator: c.Push("action")},
		{Pattern: `/?>`, Type: c.NameTag, Mutator: c.Pop(1)},
		{Pattern: `"`, Type: c.String, Mutator: c.Push("value")},
		{Pattern: `[^\s"{}/>=]+`, Type: c.NameAttribute},
		{Pattern: `[\s\S]`, Type: c.Text},
	},
	"value": {
		{Pattern: `\{\{`, Type: c.Keyword, Mutator: c.Push("action")},
		{Pattern: `"`, Type: c.String, Mutator: c.Pop(1)},
		{Pattern: `[^"{]+`, Type: c.String},
		{Pattern: `.`, Type: c.String},
	},
	"action": {
		{Pattern: `\}\}`, Type: c.Keyword, Mutator: c.Pop(1)},
		{Pattern: quoted + "|`[^`]*`", Type: c.String},
		{Pattern: `(?:block|break|continue|define|else|end|if|range|template|with)\b`, Type: c.Keyword},
		{Pattern: `[\w.$]+`, Type: c.Text},
		{Pattern: `[\s\S]`, Type: c.Text},
	},
}

var styles = c.Rules{"root": {
	{Pattern: starred, Type: c.Comment},
	{Pattern: quoted, Type: c.String},
	{Pattern: `@[\w-]+`, Type: c.Keyword},
	{Pattern: `--[\w-]+`, Type: c.NameVariable},
	{Pattern: `[\w-]+(?=: )`, Type: c.NameAttribute},
	{Pattern: `#[0-9a-fA-F]{3,8}\b`, Type: c.Number},
	{Pattern: `-?\.?\b[0-9][0-9.]*(?:%|[a-z]+)?`, Type: c.Number},
	{Pattern: `[A-Za-z][\w-]*|\s+`, Type: c.Text},
	{Pattern: `.`, Type: c.Text},
}}

var script = c.Rules{
	"root": {
		{Pattern: slashes, Type: c.Comment},
		{Pattern: starred, Type: c.Comment},
		{Pattern: quoted, Type: c.String},
		{Pattern: singly, Type: c.String},
		{Pattern: "`", Type: c.String, Mutator: c.Push("template")},
		{Pattern: `(?<=[=(,:;!&|?{}\[][ \t\n]*)/(?![/*])(?:\\.|\[[^\]\n]*\]|[^/\\\n\[])+/[a-z]*`, Type: c.String},
		{Pattern: figure, Type: c.Number},
		{Pattern: `(function\*?)(\s+)([\w$]+)`, Type: c.ByGroups(c.Keyword, c.Text, c.NameFunction)},
		{Pattern: `(const|let)(\s+)([\w$]+)(?=\s*=\s*(?:async\s*)?(?:\([^()\n]*\)|[\w$]+)\s*=>)`, Type: c.ByGroups(c.Keyword, c.Text, c.NameFunction)},
		{Pattern: jsKeywords, Type: c.Keyword},
		{Pattern: `(?:true|false|null|undefined|NaN|Infinity)\b`, Type: c.KeywordConstant},
		{Pattern: `\.?[A-Za-z_$][\w$]*|\s+`, Type: c.Text},
		{Pattern: `.`, Type: c.Text},
	},
	"template": {
		{Pattern: "`", Type: c.String, Mutator: c.Pop(1)},
		{Pattern: `\$\{`, Type: c.Keyword, Mutator: c.Push("inserted")},
		{Pattern: "(?:\\\\.|[^`\\\\$])+", Type: c.String},
		{Pattern: `[\s\S]`, Type: c.String},
	},
	"inserted": {
		{Pattern: `\}`, Type: c.Keyword, Mutator: c.Pop(1)},
		{Pattern: `\{`, Type: c.Text, Mutator: c.Push("block")},
		c.Include("root"),
	},
	"block": {
		{Pattern: `\}`, Type: c.Text, Mutator: c.Pop(1)},
		{Pattern: `\{`, Type: c.Text, Mutator: c.Push("block")},
		c.Include("root"),
	},
}

var data = c.Rules{"root": {
	{Pattern: quoted + `(?=\s*:)`, Type: c.NameAttribute},
	{Pattern: quoted, Type: c.String},
	{Pattern: `(?:true|false|null)\b`, Type: c.KeywordConstant},
	{Pattern: figure, Type: c.Number},
	{Pattern: `[\s\S]`, Type: c.Text},
}}

var prose = c.Rules{"root": {
	{Pattern: "```[\\s\\S]*?```", Type: c.String},
	{Pattern: `(?<=^)#{1,6} [^\n]*`, Type: c.Keyword},
	{Pattern: "`[^`\\n]+`", Type: c.String},
	{Pattern: `(?<=\])\([^()\s]*\)`, Type: c.NameAttribute},
	{Pattern: "[^`#\\](]+", Type: c.Text},
	{Pattern: `[\s\S]`, Type: c.Text},
}}

var makefile = c.Rules{"root": {
	{Pattern: `(?<=^|\s)#[^\n]*`, Type: c.Comment},
	{Pattern: `(?<=^)[\w.-]+(?=[ \t]*:(?!=))`, Type: c.NameFunction},
	{Pattern: `(?<=^)[A-Z_]+(?=[ \t]*[:?+]?=)`, Type: c.NameVariable},
	{Pattern: `\$(?:\([^()\n]*\)|\{[^}\n]*\}|\$?\w|[@<^*])`, Type: c.NameVariable},
	{Pattern: quoted, Type: c.String},
	{Pattern: `'[^'\n]*'`, Type: c.String},
	{Pattern: `[A-Za-z][\w.-]*|[ \t]+`, Type: c.Text},
	{Pattern: `[\s\S]`, Type: c.Text},
}}

var module = c.Rules{"root": {
	{Pattern: slashes, Type: c.Comment},
	{Pattern: `(?<=^)(?:module|go|toolchain|require|exclude|replace|retract|tool|ignore)\b`, Type: c.Keyword},
	{Pattern: `(?<=\s)v?[0-9][\w.+-]*`, Type: c.Number},
	{Pattern: `\S+|\s+`, Type: c.Text},
}}
