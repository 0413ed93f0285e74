package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Layer is what one source says of some settings.
type Layer struct {
	values map[string]any // by key
	place  func(key string) string
}

// Build lays layers over the defaults, lowest first. Its error is [Errors] with
// every mistake of every layer.
func Build(layers ...Layer) (Settings, error) {
	s := Defaults()
	var wrong Errors
	for _, l := range layers {
		wrong = append(wrong, l.apply(&s)...)
	}
	if wrong == nil {
		wrong = s.contradictions(layers...)
	}
	if err := wrong.orNil(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// contradictions are mistakes that only the layers together make; the highest that
// has a part in one is its place.
func (s Settings) contradictions(layers ...Layer) Errors {
	keys, detail := s.contradiction()
	if keys == nil {
		return nil
	}
	for _, l := range slices.Backward(layers) {
		for _, key := range keys {
			if _, has := l.values[key]; has {
				return Errors{{l.place(key), key, detail}}
			}
		}
	}
	return Errors{{keys[0], keys[0], detail}}
}

func (l Layer) apply(s *Settings) (wrong Errors) {
	for key, v := range l.values {
		fail := func(detail string) { wrong = append(wrong, Error{l.place(key), key, detail}) }
		f, ok := Lookup(key)
		if !ok {
			fail(unknown(key))
			continue
		}
		typed, err := f.text(v)
		if err == nil {
			err = f.set(s, typed)
		}
		if err != nil && f.Secret {
			err = fmt.Errorf("want %s", f.Accepts) // the entry itself is not to be seen in a log
		}
		if err != nil {
			fail(err.Error())
		}
	}
	slices.SortFunc(wrong, func(a, b Error) int { return cmp.Compare(a.Key, b.Key) })
	return wrong
}

// unknown says what is wrong with a key that no setting has.
func unknown(key string) string {
	if whole, err := strconv.Unquote(key); err == nil {
		if section, name, _ := strings.Cut(whole, "."); sectionKeys(section) != nil {
			return fmt.Sprintf("is two names: %s belongs into the section %s", name, section)
		}
	}
	if sectionKeys(key) != nil {
		return "is a section: it holds settings by name"
	}
	return "no such setting" + Suggest(key)
}

// Suggest is the end of a sentence about a key that no setting has: a setting
// whose key differs little, or where they are listed.
func Suggest(key string) string {
	best, least := "", 3
	for _, f := range table {
		if d := distance(key, f.Key); d < least {
			best, least = f.Key, d
		}
	}
	if best == "" {
		return "; afflux serve --help lists them all"
	}
	return "; did you mean " + best + "?"
}

// distance is Levenshtein's: the fewest letters to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			next := diagonal
			if a[i] != b[j] {
				next = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

// FromTOML reads a file's text; name stands in its errors.
func FromTOML(name string, text []byte) (Layer, error) {
	var doc map[string]any
	if _, err := toml.Decode(string(text), &doc); err != nil {
		if e, ok := errors.AsType[toml.ParseError](err); ok {
			return Layer{}, Errors{{Place: fmt.Sprintf("%s:%d", name, e.Position.Line), Detail: e.Message}}
		}
		return Layer{}, Errors{{Place: name, Detail: err.Error()}}
	}
	return Layer{flatten(doc), func(key string) string {
		if n := lineOf(string(text), key); n > 0 {
			return fmt.Sprintf("%s:%d", name, n)
		}
		return name
	}}, nil
}

// lineOf finds the line on which a key of two parts is set, in the ways in which
// people write such files; 0 if it stands there in another way.
func lineOf(text, key string) int {
	section, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			section = strings.TrimSpace(name) + "."
		}
		name, _, isAssignment := strings.Cut(line, "=")
		if isAssignment && section+strings.TrimSpace(name) == key {
			return n
		}
		if section == key+"." {
			return n
		}
	}
	return 0
}

// flatten turns a document of sections into keys of two parts. What is not of
// that form becomes a key that no setting has, and is refused by name.
func flatten(doc map[string]any) map[string]any {
	flat := map[string]any{}
	for section, v := range doc {
		inner, ok := v.(map[string]any)
		switch known := sectionKeys(section); {
		case strings.Contains(section, "."):
			flat[strconv.Quote(section)] = v // a quoted key is one part, not two
			continue
		case v == nil && known != nil:
			for _, key := range known {
				flat[key] = nil
			}
			continue
		case !ok || known == nil && len(inner) == 0:
			flat[section] = v
			continue
		}
		for name, v := range inner {
			flat[section+"."+name] = v
		}
	}
	return flat
}

// sectionKeys are the settings of a section; none if there is no such section.
func sectionKeys(section string) (keys []string) {
	for _, f := range table {
		if strings.HasPrefix(f.Key, section+".") {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// FromEnv reads the settings among the variables of an environment, each
// "NAME=value". A variable that begins like one of a section but names no
// setting is a mistake; other AFFLUX_ variables are not ours to judge.
func FromEnv(environ []string) Layer {
	l := Layer{map[string]any{}, func(key string) string { return key }}
	keys := map[string]string{}
	for _, f := range table {
		keys[f.Env()] = f.Key
	}
	places := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		key, known := keys[name]
		if !known && !ours(name) {
			continue
		}
		key = cmp.Or(key, name)
		l.values[key], places[key] = typed(value), name
	}
	l.place = func(key string) string { return places[key] }
	return l
}

// ours reports whether a variable begins like those of a section.
func ours(name string) bool {
	for _, section := range []string{"SERVER", "RESOURCE", "PIPELINE"} {
		if strings.HasPrefix(name, "AFFLUX_"+section+"_") {
			return true
		}
	}
	return false
}

// FromFlags takes what stood behind flags, by key.
func FromFlags(given map[string]string) Layer {
	l := Layer{map[string]any{}, func(key string) string {
		f, _ := Lookup(key)
		return "--" + f.Flag()
	}}
	for key, v := range given {
		l.values[key] = typed(v)
	}
	return l
}
