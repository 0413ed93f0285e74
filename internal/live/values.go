package live

import (
	"fmt"
	"maps"
	"strings"
)

// Value is a number or a few words on a page that are kept fresh.
type Value struct {
	Text  string // as it is shown
	Exact string // what is told on hover; empty: nothing
}

// Values are values read together, so that they were true together. Their names
// begin with Name and a dot; a page shows them with "live" "part1.now".
type Values struct {
	Name string
	Read func(put func(name string, v Value))
}

// Watch adds values. It panics when the name is taken or holds a dot, which is a
// mistake of the program.
func (s *Site) Watch(v Values) {
	if _, taken := s.values[v.Name]; taken || strings.Contains(v.Name, ".") {
		panic(fmt.Sprintf("live: values %q are declared twice or hold a dot", v.Name))
	}
	s.values[v.Name] = v
}

func (v Values) all() map[string]Value {
	all := map[string]Value{}
	v.Read(func(name string, value Value) { all[v.Name+"."+name] = value })
	return all
}

// told is what viewers were last told of the values. It is the stream's goroutine's.
type told struct {
	values map[string]Value
	turns  int // until all are told again
}

// allEvery is how many turns there are from one telling of all values to the next:
// what a viewer has missed it hears within that time.
const allEvery = 4

// tellValues is the feed of values, as {"part1.now": "50"}; one with an exact text is
// a pair. Once a second all are told, otherwise those that have changed.
func (s *Site) tellValues() []any {
	if len(s.values) == 0 || s.stream.watching() == 0 {
		s.told.turns = 0
		return nil
	}
	now := map[string]Value{}
	for _, group := range s.values {
		maps.Copy(now, group.all())
	}
	news := map[string]any{}
	for name, v := range now {
		if s.told.turns > 0 && s.told.values[name] == v {
			continue
		}
		news[name] = v.Text
		if v.Exact != "" {
			news[name] = []string{v.Text, v.Exact}
		}
	}
	s.told.values = now
	if s.told.turns--; s.told.turns < 0 {
		s.told.turns = allEvery - 1
	}
	return []any{news} // empty too: it tells that the rest still holds
}

// shown is what a component shows: a value that is kept fresh, or one that stands.
type shown struct {
	Live string // name of the value; empty: it stands
	Value
}

// shown returns what is to be shown for a component's live, value and exact.
func (v *view) shown(live, value, exact any) (shown, error) {
	name := text(live)
	if name == "" {
		return shown{Value: Value{text(value), text(exact)}}, nil
	}
	if v.probing {
		return shown{}, nil
	}
	group, _, _ := strings.Cut(name, ".")
	if _, read := v.read[group]; !read {
		declared, ok := v.site.values[group]
		if !ok {
			return shown{}, fmt.Errorf("live %s: no values are called %s", name, group)
		}
		v.read[group] = declared.all()
	}
	found, ok := v.read[group][name]
	if !ok {
		return shown{}, fmt.Errorf("live %s: there is no such value", name)
	}
	return shown{name, found}, nil
}
