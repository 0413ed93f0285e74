// Package web is the server: one table of routes, the guards before each, the
// listeners, and the way it stops. Rooms hand it [Route] values; the mux, the
// middleware, the OpenAPI document and a test are all made from that table.
//
// # Guards, in order
//
//	Host          421 unless a loopback name, one of Config.Hosts, or the address bound
//	chunked body  411 and close: Go accepts it beside a Content-Length, which smuggles
//	token         401, or for a browser 303 to /login; only with Config.Token, never on Open
//	cross-site    403: on Work for every method, elsewhere for the unsafe ones
//	stopping      503 with Retry-After on Work after StopWork
//	body          413 above 64 KiB; read under a deadline before the handler runs
//
// # Classes
//
//	Work   what is put under load: nosniff, no other header, no deadline, no allocation of ours
//	Page   HTML and its forms: CSP and all security headers, a write deadline
//	API    JSON: the same, errors as problem+json (RFC 9457)
//	Open   as Page, but nobody is asked for a token: static files, health, login
//
// # Limits
//
// Headers 16 KiB and 5 s, idle connections 60 s, connections 20,000 in all.
//
// # Stopping
//
// [Server.StopWork] is the first step: work is refused, the rest still answers.
// The end of Serve's context is the second, and means leave now: a second for
// requests in hand, then their connections are closed and their handlers waited
// for.
package web
