package supervise

import "reflect"

// sourceOf says where the Serve of s is written, or for a tree where it was
// declared; empty if the compiler kept no place.
func sourceOf(s Service) string { return sourceOfValue(reflect.ValueOf(s)) }

func sourceOfValue(v reflect.Value) string {
	switch {
	case !v.IsValid(), v.Kind() == reflect.Pointer && v.IsNil():
		return ""
	case v.Type() == reflect.TypeFor[*Tree](): // by field, as an embedded one need not be exported
		return v.Elem().FieldByName("source").String()
	case v.Kind() == reflect.Func:
		return placeOf(v.Pointer())
	case v.Kind() == reflect.Interface:
		return sourceOfValue(v.Elem())
	}
	if at := declared(v.Type()); at != "" {
		return at
	}
	return promoted(v)
}

// declared is the place of the Serve that t itself declares.
func declared(t reflect.Type) string {
	// A method with a value receiver, seen through a pointer, is a wrapper that
	// the compiler made and that has no place in a file.
	if t.Kind() == reflect.Pointer {
		if m, ok := t.Elem().MethodByName("Serve"); ok {
			return placeOf(m.Func.Pointer())
		}
	}
	m, ok := t.MethodByName("Serve")
	if !ok {
		return ""
	}
	return placeOf(m.Func.Pointer())
}

// promoted is the place of a Serve that v has from a field it embeds.
func promoted(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return ""
	}
	service := reflect.TypeFor[Service]()
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case !v.Type().Field(i).Anonymous:
		case f.Type().Implements(service):
			return sourceOfValue(f)
		case f.CanAddr() && reflect.PointerTo(f.Type()).Implements(service):
			return sourceOfValue(f.Addr())
		}
	}
	return ""
}
