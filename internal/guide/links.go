package guide

import (
	"html/template"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// lead makes every link of a document lead to the page that shows what it names.
func lead(root ast.Node, source []byte, document string) {
	var links []ast.Node
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // nothing fails
		switch n.(type) {
		case *ast.Link, *ast.AutoLink:
			if entering {
				links = append(links, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range links {
		switch n := n.(type) {
		case *ast.Link:
			n.Destination = []byte(target(document, string(n.Destination)))
			mark(n, string(n.Destination))
		case *ast.AutoLink:
			leadAuto(n, source, document)
		}
	}
}

// leadAuto makes a link of an address that stands in the text.
func leadAuto(n *ast.AutoLink, source []byte, document string) {
	to := ast.NewLink()
	to.Destination = []byte(target(document, string(n.URL(source))))
	to.AppendChild(to, ast.NewString([]byte(usualAddress.Replace(string(n.Label(source))))))
	mark(to, string(to.Destination))
	n.Parent().ReplaceChild(n.Parent(), n, to)
}

// mark says of a link that leads out of the lab that it does not tell from where.
func mark(n ast.Node, to string) {
	if u, err := url.Parse(to); err == nil && u.Host != "" {
		n.SetAttributeString("rel", "noreferrer")
	}
}

// oneLine is the anchor of a line of a file.
var oneLine = regexp.MustCompile(`^L[0-9]+$`)

// target is where a link of a document leads to on the lab.
func target(document, to string) string {
	u, err := url.Parse(to)
	switch {
	case err != nil:
		return to
	case u.Scheme == "http" && (u.Host == "localhost:4000" || u.Host == "127.0.0.1:4000"):
		u.Scheme, u.Host, u.Path = "", "", "/"+strings.TrimPrefix(u.Path, "/")
		return u.String()
	case u.Scheme != "" || u.Host != "" || u.Path == "" || strings.HasPrefix(u.Path, "/"):
		return to
	}
	name := path.Join(path.Dir(document), u.Path)
	if strings.HasPrefix(name, "..") {
		return to
	}
	here := url.URL{Path: strings.TrimSuffix(address(strings.TrimPrefix(name, ".")), "/"), Fragment: u.Fragment}
	if name == workshop {
		here.Path = "/guide"
	} else if isDocument(name) && oneLine.MatchString(u.Fragment) {
		here.RawQuery = "plain=1"
	}
	return here.String()
}

// What depends on the visitor stands in a rendered document as a letter that no document has.
const (
	hostPlace   = "\uE000" // the lab's host and port
	originPlace = "\uE001" // http:// and that
	targetPlace = "\uE002" // the flag that leads the command line to it
)

// visiting puts these letters into a command.
func visiting(command string) string {
	command = usualAddress.Replace(command)
	return asksTheLab.ReplaceAllString(command, "$0"+targetPlace)
}

var (
	usualAddress = strings.NewReplacer(
		"http://localhost:4000", originPlace, "http://127.0.0.1:4000", originPlace,
		"localhost:4000", hostPlace, "127.0.0.1:4000", hostPlace,
	)
	asksTheLab = regexp.MustCompile(`(?m)^(?:\$ )?(?:\./)?(?:bin/)?afflux (?:get|set|observe)\b`)
)

// places is what stands there for one visitor. Without another address than the usual one,
// commands are as they were written, but for the name of the host.
func places(r *http.Request) *strings.Replacer {
	host, scheme, flag := template.HTMLEscapeString(r.Host), "http://", ""
	if r.TLS != nil {
		scheme = "https://"
	}
	if host != "localhost:4000" && host != "127.0.0.1:4000" {
		flag = ` <span class="a">--addr</span> ` + scheme + host
	}
	return strings.NewReplacer(hostPlace, host, originPlace, scheme+host, targetPlace, flag)
}
