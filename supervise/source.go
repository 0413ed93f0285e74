package supervise

import (
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
)

// sourceOf says where the Serve of s is written.
func sourceOf(s Service) string {
	if t, ok := s.(*Tree); ok {
		return t.source
	}
	v := reflect.ValueOf(s)
	if v.Kind() == reflect.Func {
		return sourceAt(v.Pointer())
	}
	t := v.Type()
	// A method with a value receiver, seen through a pointer, is a wrapper that
	// the compiler made and that has no place in a file.
	if t.Kind() == reflect.Pointer {
		if m, ok := t.Elem().MethodByName("Serve"); ok {
			return sourceAt(m.Func.Pointer())
		}
	}
	m, _ := t.MethodByName("Serve")
	return sourceAt(m.Func.Pointer())
}

// sourceAt names the file and line of the function that begins at pc.
func sourceAt(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return ""
	}
	file, line := f.FileLine(f.Entry())
	return place(f.Name(), file, line)
}

// callerOf names the line that called the function which called callerOf.
func callerOf() string {
	pc, file, line, ok := runtime.Caller(2)
	if !ok {
		return ""
	}
	return place(runtime.FuncForPC(pc).Name(), file, line)
}

// place joins the package path, taken from the function's name since a file's
// own path depends on the build, with the base name of the file.
func place(function, file string, line int) string {
	dir, last := "", function
	if i := strings.LastIndexByte(bracketless(function), '/'); i >= 0 {
		dir, last = function[:i+1], function[i+1:]
	}
	pkg, _, _ := strings.Cut(last, ".")
	if plain, err := url.PathUnescape(pkg); err == nil { // dots in it are written %2e
		pkg = plain
	}
	return fmt.Sprintf("%s%s/%s:%d", dir, pkg, filepath.Base(file), line)
}

// bracketless cuts off type arguments, whose paths have slashes of their own.
func bracketless(function string) string {
	before, _, _ := strings.Cut(function, "[")
	return before
}
