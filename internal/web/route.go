package web

import "net/http"

// Class says which guards a route stands behind.
type Class int

const (
	// Work is a route that does the lab's work and is put under load: few guards, no allocations.
	Work Class = iota
	// Page is a page for people, or the plain form of one.
	Page
	// API is a route for programs.
	API
	// Open is a route that never asks for a token: static files, health, the login.
	Open
	// Stream is a route whose answer goes on for as long as its reader stays.
	Stream
)

// Route is one row of a room's table.
type Route struct {
	Method  string // GET serves HEAD too
	Path    string // a path pattern of http.ServeMux, without method and host: "/{$}", "/static/{path...}"
	Class   Class
	Handler http.HandlerFunc
	Doc     Doc // for routes under /api/v1: what the OpenAPI document says of them
}

// Doc describes a route of the API.
type Doc struct {
	Summary     string
	Description string
	Query       []Parameter
	Request     any // a value of the type the body decodes to; nil: no body
	Response    any // a value of the type the answer encodes from, or a *jsonschema.Schema
	Fails       []int

	RequestName, ResponseName string // names of those schemas, for one that refers to itself; may be empty
}

// Parameter is one that stands in the query.
type Parameter struct{ Name, Description string }
