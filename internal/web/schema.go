package web

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

const componentPrefix = "#/components/schemas/"

// schemas are the JSON schemas of one OpenAPI document. Beyond what jsonschema
// infers they know types that encode as text, and types that contain themselves:
// those stand under their name and are referred to.
type schemas struct {
	named map[string]*jsonschema.Schema
	known map[reflect.Type]*jsonschema.Schema // instead of what would be inferred
	seen  map[reflect.Type]bool               // looked through already
}

func newSchemas() *schemas {
	return &schemas{
		named: map[string]*jsonschema.Schema{},
		known: map[reflect.Type]*jsonschema.Schema{reflect.TypeFor[time.Duration](): {Type: "string"}},
		seen:  map[reflect.Type]bool{},
	}
}

// of is the schema of a value's type, or the one handed in ready; with a name it
// stands under that, so that it can be referred to, by itself too.
func (s *schemas) of(v any, name string) (*jsonschema.Schema, error) {
	if name == "" {
		return s.infer(v)
	}
	if err := s.add(name, v); err != nil {
		return nil, err
	}
	return &jsonschema.Schema{Ref: componentPrefix + name}, nil
}

func (s *schemas) add(name string, v any) error {
	schema, err := s.infer(v)
	if err != nil || schema.Ref == componentPrefix+name { // it stands there already
		return err
	}
	if old := s.named[name]; old != nil && !reflect.DeepEqual(old, schema) {
		return fmt.Errorf("two schemas are named %s", name)
	}
	s.named[name] = schema
	return nil
}

func (s *schemas) infer(v any) (*jsonschema.Schema, error) {
	if ready, ok := v.(*jsonschema.Schema); ok {
		return ready, nil
	}
	t := reflect.TypeOf(v)
	if err := s.explore(t, nil); err != nil {
		return nil, err
	}
	return s.forType(t)
}

func (s *schemas) forType(t reflect.Type) (*jsonschema.Schema, error) {
	schema, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: s.known})
	if err != nil {
		return nil, fmt.Errorf("no JSON schema for %v: %w", t, err)
	}
	mendRefs(schema)
	return schema, nil
}

// explore finds, in t and all it holds, the types that jsonschema cannot infer.
func (s *schemas) explore(t reflect.Type, above []reflect.Type) error {
	switch {
	case s.known[t] != nil:
	case t.Name() != "" && encodesAsText(t):
		s.known[t] = &jsonschema.Schema{Type: "string"}
	case isAmong(t, above):
		return s.recursive(t)
	case s.seen[t]:
	default:
		s.seen[t] = true
		above = append(above, t)
		for _, part := range parts(t) {
			if err := s.explore(part, above); err != nil {
				return err
			}
		}
		if s.known[t] != nil { // it was found within itself
			return s.define(t)
		}
	}
	return nil
}

// recursive makes t a reference; it is defined once all it holds is explored.
func (s *schemas) recursive(t reflect.Type) error {
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("%v contains itself and is not a struct: hand in a ready schema", t)
	}
	if s.named[t.Name()] != nil {
		return fmt.Errorf("two schemas are named %s: hand in a ready schema for %v", t.Name(), t)
	}
	s.named[t.Name()] = &jsonschema.Schema{}
	s.known[t] = &jsonschema.Schema{Ref: componentPrefix + t.Name()}
	return nil
}

// define infers t from an unnamed struct of the same fields, since jsonschema
// would find the reference that t has become.
func (s *schemas) define(t reflect.Type) error {
	var fields []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() && !f.Anonymous {
			f.Index, f.Offset = nil, 0
			fields = append(fields, f)
		}
	}
	schema, err := s.forType(reflect.StructOf(fields))
	if err == nil {
		s.named[t.Name()] = schema
	}
	return err
}

// parts are the types that a value of t holds in its JSON.
func parts(t reflect.Type) []reflect.Type {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return []reflect.Type{t.Elem()}
	case reflect.Struct:
		var all []reflect.Type
		for _, f := range reflect.VisibleFields(t) {
			if f.IsExported() && f.Tag.Get("json") != "-" {
				all = append(all, f.Type)
			}
		}
		return all
	}
	return nil
}

func isAmong(t reflect.Type, above []reflect.Type) bool {
	for _, a := range above {
		if a == t && t.Name() != "" {
			return true
		}
	}
	return false
}

func encodesAsText(t reflect.Type) bool {
	implements := func(i reflect.Type) bool { return t.Implements(i) || reflect.PointerTo(t).Implements(i) }
	return implements(reflect.TypeFor[encoding.TextMarshaler]()) && !implements(reflect.TypeFor[json.Marshaler]())
}

// mendRefs says "this or null" of a pointer to a type that became a reference,
// where jsonschema says "this and null".
func mendRefs(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if s.Ref != "" && len(s.Types) > 0 {
		*s = jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Ref: s.Ref}, {Type: "null"}}, Description: s.Description}
		return
	}
	mendRefs(s.Items)
	mendRefs(s.AdditionalProperties)
	for _, p := range s.Properties {
		mendRefs(p)
	}
}
