package live

import (
	"context"
	"net/http"
	"net/url"
	"path"
)

// refusal travels in the context of a request that is led back to its page.
type refusal struct {
	status int
	form   Form
}

type refusalKey struct{}

func refusalOf(r *http.Request) (refusal, bool) {
	refused, ok := r.Context().Value(refusalKey{}).(refusal)
	return refused, ok
}

// Refuse draws the page at path again with what is wrong with a form: its entries are kept,
// each error stands beside its field, all of them in a summary above. The page's data and
// its panels are asked with a GET for path, whatever r was. A path that no page has is
// answered with the status and short text.
func (s *Site) Refuse(w http.ResponseWriter, r *http.Request, path string, status int, f Form) {
	target, err := s.find(path)
	if err != nil {
		http.Error(w, plain(f), status)
		return
	}
	ctx := context.WithValue(r.Context(), refusalKey{}, refusal{status, f})
	again := r.Clone(ctx)
	again.Method = http.MethodGet
	again.URL = target
	again.RequestURI = target.RequestURI()
	again.Body = http.NoBody
	again.ContentLength = 0
	again.Form, again.PostForm, again.MultipartForm = nil, nil, nil
	s.finder.ServeHTTP(w, again)
}

// find returns the address of one of our own pages. It refuses what ServeMux would answer
// with a redirect, such as a path that is not clean.
func (s *Site) find(address string) (*url.URL, error) {
	target, err := url.Parse(address)
	if err != nil || target.IsAbs() || target.Host != "" || path.Clean("/"+target.Path) != target.Path {
		return nil, errNoPage
	}
	probe := &http.Request{Method: http.MethodGet, URL: target, Host: "localhost"}
	if _, pattern := s.finder.Handler(probe); pattern == "" {
		return nil, errNoPage
	}
	return target, nil
}

// plain is a refusal for those who cannot be shown a page.
func plain(f Form) string {
	text := "not accepted"
	for _, p := range problems(f) {
		text += "\n" + p.Name + ": " + p.Text
	}
	return text
}
