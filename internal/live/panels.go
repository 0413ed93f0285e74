package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"reflect"
)

// SharedPanel is a piece of page that looks the same to everybody and is kept
// fresh: while somebody looks at its page its data is asked for once a second, and
// it is drawn and sent when that has changed. {{panel "part1/latency"}} shows it.
// What Data returns must say all that is shown, and not change afterwards. Its
// templates cannot speak of the request: no entry, problem, origin, target.
type SharedPanel struct {
	Page string // path of the page that shows it
	Name string // "part1/latency"
	Panel
}

// Share adds a shared panel. One that does not parse panics, as in [Site.Fill].
func (s *Site) Share(p SharedPanel) {
	sheet, err := s.newSheet(p.Files, p.Template)
	if err != nil {
		panic(fmt.Sprintf("live: shared panel %s: %v", p.Name, err))
	}
	s.shares = append(s.shares, &share{page: p.Page, id: p.Name, drawable: drawable{sheet, p.Template, p.Data}})
}

// share is a SharedPanel that has been added.
type share struct {
	drawable
	page, id string

	// Of the stream's goroutine alone: the last drawing, what it was drawn from, and
	// what viewers were last told.
	drawn, sent []byte
	from        any
}

// panel draws a shared panel within a page.
func (v *view) panel(name string) (template.HTML, error) {
	if v.probing {
		return "", nil
	}
	for _, share := range v.site.shares {
		if share.id == name {
			body, err := v.site.drawShare(share, share.ask(v.r), v)
			return template.HTML(`<div data-panel="` + template.HTMLEscapeString(name) + `">` + string(body) + `</div>`), err // escaped: html/template drew it
		}
	}
	return "", fmt.Errorf("panel %s: there is none", name)
}

func (s *Site) drawShare(p *share, data any, v *view) ([]byte, error) {
	var out bytes.Buffer
	if err := p.sheet.draw(&out, p.name, data, v); err != nil {
		return nil, fmt.Errorf("panel %s: %w", p.id, err)
	}
	return out.Bytes(), nil
}

// redraw is the panel as it looks now. From the same data it would look the same,
// and to compare is far cheaper than to draw.
func (s *Site) redraw(p *share, v *view) ([]byte, error) {
	data := p.ask(v.r)
	if p.drawn != nil && reflect.DeepEqual(data, p.from) {
		return p.drawn, nil
	}
	body, err := s.drawShare(p, data, v)
	if err == nil {
		p.drawn, p.from = body, data
	}
	return body, err
}

// changedPanels is the message with those panels of a page that look different
// from when they were last sent, or with all of them anew, nil for none; and one
// with all of them, for viewers that come later.
func (s *Site) changedPanels(page string, anew bool) (changed, all []byte) {
	different, every := map[string]string{}, map[string]string{}
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: page}, Host: "localhost"}
	for _, p := range s.shares {
		if p.page != page {
			continue
		}
		body, err := s.redraw(p, newView(s, r, page))
		if err != nil {
			s.log.Error("panel not drawn", "panel", p.id, "err", err)
			continue
		}
		every[p.id] = string(body)
		if anew || !bytes.Equal(body, p.sent) {
			p.sent = body
			different[p.id] = string(body)
		}
	}
	return panelMessage(different), panelMessage(every)
}

func panelMessage(panels map[string]string) []byte {
	if len(panels) == 0 {
		return nil
	}
	var out bytes.Buffer
	out.WriteString("event: panel\ndata: ")
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // it would make markup three times as long
	if err := enc.Encode(panels); err != nil {
		panic(err) // a map of strings
	}
	out.WriteByte('\n') // the encoder has ended the line
	return out.Bytes()
}
