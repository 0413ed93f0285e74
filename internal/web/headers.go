package web

import "net/http"

var nosniff = []string{"nosniff"}

// policy lets a page load its own scripts, styles and images, and nothing else;
// markup becomes script only through the policy named afflux.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types afflux"

func setHeaders(h http.Header, c Class, secure bool) {
	h.Set("Content-Security-Policy", policy)
	// Not no-referrer: with that, browsers send forms with a null Origin.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if c != Open {
		h.Set("Cache-Control", "no-store")
	}
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
