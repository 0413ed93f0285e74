package live

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
)

// formats are the template functions that need no request. See doc.go.
var formats = template.FuncMap{
	"arrange":  arrange,
	"bytes":    byteSize,
	"clock":    clock,
	"colour":   colour,
	"column":   func(head string) Column { return Column{Head: head} },
	"dict":     dict,
	"duration": duration,
	"fieldID":  fieldID,
	"layout":   histogramOf,
	"list":     func(items ...any) []any { return items },
	"ms":       milliseconds,
	"number":   number,
	"numbers":  func(head string) Column { return Column{Head: head, Number: true} },
	"patch":    patch,
	"part":     part,
	"percent":  percent,
	"quoted":   quoted,
	"seconds":  seconds,
	"series":   series,
	"sig":      significant,
	"split":    split,
	"stack":    stack,
	"text":     text,
	"windows":  func() []window { return windows },
}

// dict makes the parameters of a component from names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a name without a value among %d arguments", len(pairs))
	}
	d := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: the name %v is not a string", pairs[i])
		}
		d[name] = pairs[i+1]
	}
	return d, nil
}

// text writes a value as it is, and nothing for none.
func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// fieldID is the id of a field's control.
func fieldID(name string) string { return "f-" + strings.ReplaceAll(name, ".", "-") }

// meanings are the words of the colours that templates use; each has a mark of its own shape.
var meanings = map[string]string{
	"flight": "flight", "hand": "flight", "flight-2": "flight-2",
	"waiting": "waiting", "inbox": "inbox",
	"done": "done", "answered": "answered",
	"failed": "failed", "rejected": "failed",
	"demand": "demand",
	"plain":  "plain",
}

// colour returns the meaning's class; a word that means nothing is a mistake in a template.
func colour(meaning any) (string, error) {
	word, _ := meaning.(string)
	if word == "" {
		return "", nil
	}
	class, ok := meanings[word]
	if !ok {
		return "", fmt.Errorf("colour: %q has no meaning", word)
	}
	return class, nil
}

// piece is one part of a command; Value marks the piece that follows what is typed.
type piece struct {
	Text  string
	Value bool
}

// patch is the body that sets one setting, "resource.limit" say, as pieces around its value:
// a number is written bare, anything else in quotes.
func patch(name, value string) []piece {
	var before, after string
	for word := range strings.SplitSeq(name, ".") {
		before += `{"` + word + `":`
		after += "}"
	}
	if json.Valid([]byte(value)) && strings.Trim(value, "-0123456789.eE+") == "" {
		return []piece{{before, false}, {value, true}, {after, false}}
	}
	return []piece{{before + `"`, false}, {quoted(value), true}, {`"` + after, false}}
}

// quoted makes a value safe between the single quotes of a shell.
func quoted(value string) string { return strings.ReplaceAll(value, `'`, `'\''`) }
