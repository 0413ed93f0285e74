package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the shape of a setting's values.
type Kind string

// The kinds.
const (
	Duration Kind = "duration"
	Integer  Kind = "integer"
	Choice   Kind = "choice"
	Text     Kind = "text"
	List     Kind = "list"
)

// Field is one setting.
type Field struct {
	Key     string   // "resource.latency"
	Kind    Kind     //
	Help    string   // one line
	Accepts string   // "0s to 1h0m0s, such as 500ms"
	Choices []string // of a Choice, in the order in which a page offers them
	Live    bool     // can be changed while the lab runs
	Secret  bool     // is never shown
	LeftOut string   // the word for leaving it out, shown in JSON as null; empty: it cannot be

	short string // name of flag and variable where it is not made from Key
	get   func(*Settings) any
	set   func(*Settings, string) error
}

// Flag is the name of its flag, without the dashes.
func (f Field) Flag() string {
	if f.short != "" {
		return f.short
	}
	return strings.NewReplacer(".", "-", "_", "-").Replace(f.Key)
}

// Env is the name of its environment variable.
func (f Field) Env() string {
	return "AFFLUX_" + strings.ToUpper(strings.ReplaceAll(f.Flag(), "-", "_"))
}

// Value returns the setting in s in its JSON shape: a string, a number, a list
// of strings, or nil for one that is left out.
func (f Field) Value(s Settings) any { return f.get(&s) }

// String returns the setting in s as it would be typed.
func (f Field) String(s Settings) string {
	switch v := f.Value(s).(type) {
	case []string:
		return strings.Join(v, ",")
	case nil:
		return f.LeftOut
	default:
		return fmt.Sprint(v)
	}
}

// typed is a value that a person typed, as text whatever its kind.
type typed string

// text brings a value of a JSON or TOML document into the form that is typed,
// or says that it has the wrong type.
func (f Field) text(v any) (string, error) {
	switch v := v.(type) {
	case typed:
		return string(v), nil
	case string:
		if f.Kind != Integer && f.Kind != List || v == f.LeftOut && v != "" {
			return v, nil
		}
	case int64:
		if f.Kind == Integer {
			return strconv.FormatInt(v, 10), nil
		}
	case float64:
		if f.Kind == Integer && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10), nil
		}
	case fmt.Stringer: // json.Number
		if f.Kind == Integer {
			return v.String(), nil
		}
	case []any:
		return f.listText(v)
	}
	return "", fmt.Errorf("is of the wrong type: want %s", f.Accepts)
}

func (f Field) listText(vs []any) (string, error) {
	if f.Kind != List {
		return "", fmt.Errorf("is a list: want %s", f.Accepts)
	}
	var words []string
	for _, v := range vs {
		word, ok := v.(string)
		if !ok || strings.Contains(word, ",") {
			return "", fmt.Errorf("want %s", f.Accepts)
		}
		words = append(words, word)
	}
	return strings.Join(words, ","), nil
}

func duration(key, help string, low, high time.Duration, at func(*Settings) *time.Duration) Field {
	f := Field{Key: key, Kind: Duration, Help: help, Accepts: fmt.Sprintf("a duration from %v to %v, such as 500ms", low, short(high))}
	f.get = func(s *Settings) any { return short(*at(s)) }
	f.set = func(s *Settings, text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d < low || d > high {
			return fmt.Errorf("%q: want %s", text, f.Accepts)
		}
		*at(s) = d
		return nil
	}
	return f
}

// short writes a duration without the empty minutes and seconds of 1h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func integer[T int | uint64](key, help string, low, high T, at func(*Settings) *T) Field {
	f := Field{Key: key, Kind: Integer, Help: help, Accepts: fmt.Sprintf("a whole number from %d to %d", low, high)}
	f.get = func(s *Settings) any { return *at(s) }
	f.set = func(s *Settings, text string) error {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n < uint64(low) || n > uint64(high) {
			return fmt.Errorf("%q: want %s", text, f.Accepts)
		}
		*at(s) = T(n)
		return nil
	}
	return f
}

// optional is an integer that may be left out: in JSON as null, where people type
// as a word or as nothing. none stands for it.
func optional(key, help string, low, high int, word string, none int, at func(*Settings) *int) Field {
	f := integer(key, help, low, high, at)
	f.Accepts += ", or " + word
	number := f.set
	f.LeftOut = word
	f.get = func(s *Settings) any {
		if *at(s) == none {
			return nil
		}
		return *at(s)
	}
	f.set = func(s *Settings, text string) error {
		if text == "" || text == word {
			*at(s) = none
			return nil
		}
		if number(s, text) != nil {
			return fmt.Errorf("%q: want %s", text, f.Accepts)
		}
		return nil
	}
	return f
}

func choice[T ~string](key, help string, choices []string, at func(*Settings) *T) Field {
	f := Field{Key: key, Kind: Choice, Help: help, Choices: choices, Accepts: "one of " + strings.Join(choices, ", ")}
	f.get = func(s *Settings) any { return string(*at(s)) }
	f.set = func(s *Settings, text string) error {
		if !slices.Contains(choices, text) {
			return fmt.Errorf("%q: want %s", text, f.Accepts)
		}
		*at(s) = T(text)
		return nil
	}
	return f
}

func text(key, help, accepts string, check func(string) bool, at func(*Settings) *string) Field {
	f := Field{Key: key, Kind: Text, Help: help, Accepts: accepts}
	f.get = func(s *Settings) any { return *at(s) }
	f.set = func(s *Settings, text string) error {
		if !check(text) {
			return fmt.Errorf("%q: want %s", text, f.Accepts)
		}
		*at(s) = text
		return nil
	}
	return f
}

func list(key, help, accepts string, at func(*Settings) *[]string) Field {
	f := Field{Key: key, Kind: List, Help: help, Accepts: accepts}
	f.get = func(s *Settings) any { return append([]string{}, *at(s)...) }
	f.set = func(s *Settings, text string) error {
		*at(s) = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	}
	return f
}

func live(f Field) Field                { f.Live = true; return f }
func secret(f Field) Field              { f.Secret = true; return f }
func named(short string, f Field) Field { f.short = short; return f }
