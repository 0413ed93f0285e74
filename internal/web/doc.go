// Package web is the server: one table of routes, the guards before each, the
// listeners, and the way it stops. Rooms hand it [Route] values; the mux, the
// middleware, the OpenAPI document and a test are all made from that table.
//
// # Guards, in order
//
//	Host          421 unless a loopback name, one of Config.Hosts, or the address bound
//	chunked body  411 and close: Go accepts it beside a Content-Length, which smuggles
//	unknown       404, or 405 with Allow; behind the guards of Page, under /api of API
//	token         401, or for a browser 303 to /login; only with Config.Token, never on Open
//	cross-site    403: on Work for every method, elsewhere for the unsafe ones
//	stopping      503 with Retry-After on Work after StopWork
//	body          413 above 64 KiB, 408 if it is slow; read before the handler runs
//
// A request refused with its body unread ends its connection, after the time that
// the body had to come. One of HTTP/1.0 with a body always does: net/http drops its
// Transfer-Encoding without a word, and what follows could be smuggled.
//
// # Classes
//
//	Work   what is put under load: nosniff, no other header, no deadline for the work, no allocation of ours
//	Page   HTML and its forms: CSP and all security headers, a write deadline; 308 from its address with a slash
//	API    JSON: the same, errors as problem+json (RFC 9457)
//	Open   as Page, but nobody is asked for a token: static files, health, login
//	Stream as API, for an answer that goes on: no deadline of ours, ends when the stop begins
//
// "No allocation" is of a request without a body and without a cookie; checking
// one costs a few. The write deadline is for each piece written, not for the work
// before it. A handler that sets a write deadline itself has all of them to itself
// from then on; one of a Stream must, for each piece.
//
// # Limits
//
//	headers      16 KiB, 5 s
//	body         64 KiB, 10 s
//	answer       10 s for each piece to be taken; on Work only for what is left when it is done; none on Stream
//	idle         60 s
//	connections  20,000 for each listener, fewer where the process may open few files
//	logins       10 wrong ones a minute from an IPv4 address or an IPv6 /64; 10,000 of those are remembered
//
// # Stopping
//
// [Server.StopWork] is the first step: work is refused, streams end, the rest still answers.
// The end of Serve's context is the second, and means leave now: a second for
// requests in hand, then their contexts end, their connections are closed and
// their handlers waited for, however long those take. Called again, Serve binds
// the same addresses anew; StopWork is not taken back.
//
// # When not
//
// There is no TLS here; a proxy before it sees the token, and makes all callers
// one address to the count of wrong logins.
package web
