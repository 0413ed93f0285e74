package live

import (
	"net/http"
	"strings"
)

// Login draws the form that asks for the token, in the shell without nav. A problem, such as
// a wrong token, stands beside the field. The field is "token"; the hidden "back" comes from
// the request's query or form and leads nowhere but into this site.
func (s *Site) Login(w http.ResponseWriter, r *http.Request, status int, problem string) {
	form := Form{Values: map[string][]string{"back": {local(r.FormValue("back"))}}}
	if problem != "" {
		form.Errors = map[string]string{"token": problem}
	}
	s.login.draw(w, r, status, form)
}

// local returns path when it stays on this site, else the home page. A browser reads "//"
// and "/\" as the beginning of a host.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}
