package live

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
)

// maxDepth is how deep slots may show panels with slots: more is a circle.
const maxDepth = 8

// view is what one drawing knows of its request.
type view struct {
	site    *Site
	r       *http.Request
	path    string // the page's own path
	form    Form
	depth   int
	probing bool                        // no panel is drawn and no data asked
	read    map[string]map[string]Value // groups of values read so far: once for each drawing
}

func newView(s *Site, r *http.Request, path string) *view {
	return &view{site: s, r: r, path: path, read: map[string]map[string]Value{}}
}

// entry is the field's value as it was typed when the form was refused, else the current one.
func (v *view) entry(name string, current any) string {
	if typed, ok := v.form.Values[name]; ok && len(typed) > 0 {
		return typed[0]
	}
	return text(current)
}

func (v *view) problem(name string) string { return v.form.Errors[name] }

// back is the address of the page as it is looked at: where a form leads back to.
func (v *view) back() string {
	if v.r.URL.RawQuery == "" {
		return v.path
	}
	return v.path + "?" + v.r.URL.RawQuery
}

// origin is where the lab answers, as the visitor's browser sees it: for commands to copy.
func (v *view) origin() string {
	if v.r.TLS != nil {
		return "https://" + v.r.Host
	}
	return "http://" + v.r.Host
}

// target is the flag that leads the command line to this lab; nothing where it looks by itself.
func (v *view) target() string {
	if v.r.Host == "localhost:4000" || v.r.Host == "127.0.0.1:4000" {
		return ""
	}
	return " --addr " + v.origin()
}

// bearer is the header that a lab with a token asks of curl. The command line reads the
// token from the same variable by itself.
func (v *view) bearer() string {
	if !v.site.token {
		return ""
	}
	return ` -H "Authorization: Bearer $AFFLUX_TOKEN"`
}

// slot draws the panels filled into a slot, or nothing.
func (v *view) slot(name string) (template.HTML, error) {
	if v.probing {
		return "", nil
	}
	if v.depth >= maxDepth {
		return "", fmt.Errorf("slot %s: panels show each other in a circle", name)
	}
	inner := *v
	inner.depth++
	var out bytes.Buffer
	for _, p := range v.site.slots[name] {
		if err := p.sheet.draw(&out, p.name, p.ask(v.r), &inner); err != nil {
			return "", fmt.Errorf("slot %s: %w", name, err)
		}
	}
	return template.HTML(out.String()), nil // escaped: html/template drew it
}
