package guide_test

import "testing"

func TestEachPageIsTitledByWhatItShows(t *testing.T) {
	h := pages(t)
	for path, title := range map[string]string{
		"/guide": "Guide", "/source": "Source", "/source/code": "code", "/source/code/mock.go": "code/mock.go",
		"/source/docs/other.md": "docs/other.md",
	} {
		wants(t, get(t, h, path).Body.String(), "<title>"+title+" · Afflux</title>")
	}
}
