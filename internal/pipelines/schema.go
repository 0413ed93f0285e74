package pipelines

import (
	"reflect"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/affluxlab/afflux/stage"
)

// schema is that of View. Some types of the snapshot write themselves in a way of their
// own, which cannot be inferred; and its durations are numbers.
func schema() *jsonschema.Schema {
	word := &jsonschema.Schema{Type: "string"}
	s, err := jsonschema.ForType(reflect.TypeFor[View](), &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Duration]():     {Type: "integer"},
		reflect.TypeFor[stage.Histogram]():   figures(),
		reflect.TypeFor[stage.State]():       word,
		reflect.TypeFor[stage.OutletState](): word,
	}})
	if err != nil {
		panic(err) // a type of the library that nobody has thought of here
	}
	return s
}

// figures are what a histogram writes.
func figures() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{"count": {Type: "integer"}}, Required: []string{"count"}}
	for _, name := range []string{"sum", "mean", "p50", "p90", "p95", "p99", "max"} {
		s.Properties[name] = &jsonschema.Schema{Type: "number"}
		s.Required = append(s.Required, name)
	}
	return s
}
