package web_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/web"
)

type tree struct {
	Name     string        `json:"name"`
	Age      time.Duration `json:"age"`
	Addr     netip.Addr    `json:"addr"`
	Parent   *tree         `json:"parent"`
	Children []tree        `json:"children"`
}

func document(t *testing.T, change func(*web.Config)) (text string, doc map[string]any) {
	t.Helper()
	w := ask(oneOfEach(t, change).Handler(), "GET /openapi.json", "Authorization: Bearer "+secret)
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 {
		t.Fatal(w.Code, err)
	}
	return w.Body.String(), doc
}

// at goes down a JSON value by keys and indexes.
func at(v any, keys ...any) any {
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			v = v.([]any)[k]
		}
	}
	return v
}

func trees(cfg *web.Config) {
	cfg.Token = secret
	none := func(http.ResponseWriter, *http.Request) {}
	cfg.Routes = append(cfg.Routes,
		web.Route{Method: "GET", Path: "/api/v1/tree", Class: web.API, Handler: none, Doc: web.Doc{Summary: "The tree", Response: tree{}}},
		web.Route{Method: "PATCH", Path: "/api/v1/tree/{name}/{rest...}", Class: web.API, Handler: none, Doc: web.Doc{Summary: "Change", Request: tree{}, Fails: []int{422}}})
}

func TestTheDocumentHoldsEveryRowOfTheAPIAndIsAlwaysTheSame(t *testing.T) {
	text, doc := document(t, trees)
	for path, method := range map[string]string{"/api/v1/thing": "post", "/api/v1/tree": "get", "/api/v1/tree/{name}/{rest}": "patch"} {
		if at(doc, "paths", path, method, "summary") == nil {
			t.Errorf("%s %s is missing", method, path)
		}
	}
	if len(at(doc, "paths").(map[string]any)) != 3 {
		t.Errorf("paths: %v", doc["paths"])
	}
	if at(doc, "paths", "/api/v1/tree/{name}/{rest}", "patch", "parameters", 1, "name") != "rest" {
		t.Error("a path parameter is missing")
	}
	if at(doc, "components", "securitySchemes", "token", "scheme") != "bearer" {
		t.Error("the token is not said")
	}
	for range 5 {
		if again, _ := document(t, trees); again != text {
			t.Fatal("two documents of one table differ")
		}
	}
}

func TestATypeThatHoldsItselfIsReferredTo(t *testing.T) {
	_, doc := document(t, trees)
	const ref = "#/components/schemas/tree"
	if got := at(doc, "paths", "/api/v1/tree", "get", "responses", "200", "content", "application/json", "schema", "$ref"); got != ref {
		t.Errorf("the answer is %v", got)
	}
	properties := at(doc, "components", "schemas", "tree", "properties")
	for want, keys := range map[string][]any{
		ref:      {"children", "items", "$ref"},
		"string": {"age", "type"},
	} {
		if got := at(properties, keys...); got != want {
			t.Errorf("%v is %v, want %s", keys, got, want)
		}
	}
	if at(properties, "addr", "type") != "string" {
		t.Errorf("a type that encodes as text is %v", at(properties, "addr"))
	}
	if at(properties, "parent", "anyOf", 0, "$ref") != ref || at(properties, "parent", "anyOf", 1, "type") != "null" {
		t.Errorf("a pointer is %v", at(properties, "parent"))
	}
}

func TestARowWhoseTypeHasNoSchemaIsRefused(t *testing.T) {
	_, err := web.New(web.Config{Routes: []web.Route{{Method: "GET", Path: "/api/v1/a", Class: web.API,
		Handler: func(http.ResponseWriter, *http.Request) {}, Doc: web.Doc{Summary: "A", Response: make(chan int)}}}})
	if err == nil || err.Error()[:26] != "web: route GET /api/v1/a: " {
		t.Error(err)
	}
}

func TestTwoSchemasOfOneNameAreRefused(t *testing.T) {
	_, err := web.New(web.Config{Routes: []web.Route{{Method: "GET", Path: "/api/v1/a", Class: web.API,
		Handler: func(http.ResponseWriter, *http.Request) {}, Doc: web.Doc{Summary: "A", Response: 1, ResponseName: "Problem"}}}})
	if err == nil || !strings.Contains(err.Error(), "GET /api/v1/a: two schemas are named Problem") {
		t.Error(err)
	}
}
