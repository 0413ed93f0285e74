package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Problem is an error of the API as RFC 9457 has it.
type Problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitempty"`
	Instance string       `json:"instance,omitempty"`
	Errors   []FieldError `json:"errors,omitempty"`
}

// FieldError is what is wrong with one field of a request.
type FieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Fail answers with p: as problem+json under /api, elsewhere as short text. Type,
// Title and Instance are filled in where they are empty.
func Fail(w http.ResponseWriter, r *http.Request, p Problem) {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		Text(w, p.Status, p.Detail)
		return
	}
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	if p.Instance == "" {
		p.Instance = r.URL.Path
	}
	write(w, p.Status, "application/problem+json", p)
}

func refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	Fail(w, r, Problem{Status: status, Detail: detail})
}

// Text answers with short plain text.
func Text(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(status)
	io.WriteString(w, text+"\n")
}

// JSON answers with v, encoded.
func JSON(w http.ResponseWriter, status int, v any) { write(w, status, "application/json", v) }

func write(w http.ResponseWriter, status int, contentType string, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		Text(w, http.StatusInternalServerError, "the answer could not be encoded: "+err.Error())
		return
	}
	send(w, status, contentType, b.Bytes())
}

func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// ReadJSON decodes the one JSON value that is a request's body, numbers as
// json.Number. If that fails it answers, with 415, 400 or 413, and returns false.
// Without media types it wants application/json.
func ReadJSON(w http.ResponseWriter, r *http.Request, dst any, mediaTypes ...string) bool {
	if len(mediaTypes) == 0 {
		mediaTypes = []string{"application/json"}
	}
	given, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !slices.Contains(mediaTypes, given) {
		refuse(w, r, http.StatusUnsupportedMediaType, "send Content-Type: "+strings.Join(mediaTypes, " or "))
		return false
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	d.UseNumber()
	if t := reflect.TypeOf(dst); t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		d.DisallowUnknownFields()
	}
	err := d.Decode(dst)
	if err == nil && !errors.Is(d.Decode(&struct{}{}), io.EOF) {
		err = errors.New("more follows after the first value")
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		refuse(w, r, http.StatusRequestEntityTooLarge, "a body may have 64 KiB")
		return false
	}
	if err != nil {
		refuse(w, r, http.StatusBadRequest, fmt.Sprintf("the body is not the JSON wanted here: %v", err))
		return false
	}
	return true
}
