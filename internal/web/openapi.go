package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

func (s *Server) serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, "application/json", s.openAPI)
}

type object = map[string]any

// openAPI makes the OpenAPI 3.1 document of the rows under /api/v1. The error
// names the row whose types have no JSON schema.
func openAPI(cfg Config) ([]byte, error) {
	defs, paths := newSchemas(), object{}
	if err := defs.add("Problem", Problem{}); err != nil {
		return nil, err
	}
	for _, r := range cfg.Routes {
		if !strings.HasPrefix(r.Path, "/api/v1/") {
			continue
		}
		op, err := operation(r, defs)
		if err != nil {
			return nil, fmt.Errorf("web: route %s %s: %w", r.Method, r.Path, err)
		}
		at := pathEnd.Replace(r.Path)
		path, _ := paths[at].(object)
		if path == nil {
			path = object{}
			paths[at] = path
		}
		path[strings.ToLower(r.Method)] = op
	}
	components := object{"schemas": defs.named}
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
	return json.Marshal(doc) // maps in the order of their keys: always the same
}

// pathEnd turns the mux's {path...} and {$} into what OpenAPI knows.
var pathEnd = strings.NewReplacer("...}", "}", "{$}", "")

func operation(r Route, defs *schemas) (object, error) {
	op := object{"summary": r.Doc.Summary, "operationId": operationID(r)}
	if r.Doc.Description != "" {
		op["description"] = r.Doc.Description
	}
	var params []object
	for _, name := range pathParam.FindAllStringSubmatch(r.Path, -1) {
		params = append(params, object{"name": name[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range r.Doc.Query {
		params = append(params, object{"name": q.Name, "in": "query", "description": q.Description, "schema": object{"type": "string"}})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.Doc.Request != nil {
		schema, err := defs.of(r.Doc.Request, r.Doc.RequestName)
		if err != nil {
			return nil, err
		}
		op["requestBody"] = object{"required": true, "content": content("application/json", schema)}
	}
	ok := object{"description": "OK"}
	if r.Doc.Response != nil {
		schema, err := defs.of(r.Doc.Response, r.Doc.ResponseName)
		if err != nil {
			return nil, err
		}
		ok["content"] = content("application/json", schema)
	}
	if r.Class == Stream {
		ok["content"] = content("text/event-stream", object{"type": "string"})
	}
	answers := object{"200": ok, "default": failure("any other failure")}
	for _, status := range r.Doc.Fails {
		answers[strconv.Itoa(status)] = failure(http.StatusText(status))
	}
	op["responses"] = answers
	return op, nil
}

func failure(description string) object {
	return object{
		"description": description,
		"content":     content("application/problem+json", object{"$ref": componentPrefix + "Problem"}),
	}
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
