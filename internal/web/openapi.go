package web

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// serveOpenAPI makes the OpenAPI 3.1 document of the rows under /api/v1, once.
func (s *Server) serveOpenAPI() http.HandlerFunc {
	doc := openAPI(s.cfg)
	return func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, doc) }
}

type object = map[string]any

func openAPI(cfg Config) object {
	paths, schemas := object{}, object{"Problem": schemaOf(Problem{})}
	for _, r := range cfg.Routes {
		if !strings.HasPrefix(r.Path, "/api/v1/") {
			continue
		}
		path, _ := paths[r.Path].(object)
		if path == nil {
			path = object{}
			paths[r.Path] = path
		}
		path[strings.ToLower(r.Method)] = operation(r, schemas)
	}
	components := object{"schemas": schemas}
	doc := object{
		"openapi":    "3.1.0",
		"info":       object{"title": "Afflux", "version": cfg.Version},
		"paths":      paths,
		"components": components,
	}
	if cfg.Token != "" {
		components["securitySchemes"] = object{"token": object{"type": "http", "scheme": "bearer"}}
		doc["security"] = []object{{"token": []string{}}}
	}
	return doc
}

func operation(r Route, schemas object) object {
	op := object{"summary": r.Doc.Summary, "operationId": operationID(r)}
	if r.Doc.Description != "" {
		op["description"] = r.Doc.Description
	}
	var params []object
	for _, name := range pathParam.FindAllStringSubmatch(r.Path, -1) {
		params = append(params, object{"name": name[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.Doc.Request != nil {
		op["requestBody"] = object{"required": true, "content": content("application/json", named(r.Doc.Request, r.Doc.RequestName, schemas))}
	}
	answers := object{"200": object{"description": "OK", "content": content("application/json", named(r.Doc.Response, r.Doc.ResponseName, schemas))}}
	for _, status := range r.Doc.Fails {
		answers[strconv.Itoa(status)] = object{
			"description": http.StatusText(status),
			"content":     content("application/problem+json", object{"$ref": "#/components/schemas/Problem"}),
		}
	}
	op["responses"] = answers
	return op
}

var pathParam = regexp.MustCompile(`\{(\w+)`)

// operationID turns "PATCH /api/v1/settings" into patchSettings.
func operationID(r Route) string {
	id := strings.ToLower(r.Method)
	for word := range strings.FieldsFuncSeq(strings.TrimPrefix(r.Path, "/api/v1/"), func(c rune) bool { return strings.ContainsRune("/{}._-", c) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func content(mediaType string, schema any) object {
	return object{mediaType: object{"schema": schema}}
}

// named puts a schema under its name, so that it can be referred to, by itself
// too; without a name it stands where it is used.
func named(v any, name string, schemas object) any {
	if name == "" {
		return schemaOf(v)
	}
	schemas[name] = schemaOf(v)
	return object{"$ref": "#/components/schemas/" + name}
}

// schemaOf is the schema of a Go value's type, or a schema handed in ready.
// A type without one is a mistake in the table, found by the first test.
func schemaOf(v any) *jsonschema.Schema {
	if s, ok := v.(*jsonschema.Schema); ok {
		return s
	}
	if v == nil {
		return &jsonschema.Schema{}
	}
	s, err := jsonschema.ForType(reflect.TypeOf(v), nil)
	if err != nil {
		panic(fmt.Sprintf("web: no JSON schema for %T: %v", v, err))
	}
	return s
}
