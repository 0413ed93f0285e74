package config

import (
	"maps"
	"math"
	"strconv"
	"strings"
	"time"
)

// Patch returns s with the changes of a JSON merge patch (RFC 7396), decoded
// with numbers as json.Number or float64: sections of settings, null for the
// default. Its error is [Errors] with every mistake; s then stays as it is.
func (s Settings) Patch(doc map[string]any) (Settings, error) {
	return s.change(flatten(doc))
}

// PatchText returns s with values as people type them, by key: those of [Patch],
// and "x5" or "/5" to scale a duration.
func (s Settings) PatchText(entries map[string]string) (Settings, error) {
	changes := map[string]any{}
	for key, entry := range entries {
		if scaled, ok := s.scale(key, entry); ok {
			entry = scaled
		}
		changes[key] = typed(entry)
	}
	return s.change(changes)
}

func (s Settings) change(changes map[string]any) (Settings, error) {
	var wrong Errors
	changes = maps.Clone(changes)
	for key, v := range changes {
		f, known := Lookup(key)
		if known && !f.Live {
			wrong = append(wrong, Error{key, key, "cannot be changed while the lab runs: it is set when it starts"})
			delete(changes, key)
		} else if known && v == nil {
			changes[key] = typed(f.String(Defaults()))
		}
	}
	l := Layer{changes, func(key string) string { return key }}
	next := s
	wrong = append(wrong, l.apply(&next)...)
	if wrong == nil {
		wrong = next.contradictions(l)
	}
	if err := wrong.orNil(); err != nil {
		return s, err
	}
	return next, nil
}

// scale works out "x5" and "/5" for a duration.
func (s Settings) scale(key, entry string) (string, bool) {
	f, ok := Lookup(key)
	if !ok || f.Kind != Duration || entry == "" || !strings.Contains("x/", entry[:1]) {
		return "", false
	}
	by, err := strconv.ParseFloat(entry[1:], 64)
	if err != nil || by <= 0 || math.IsInf(by, 0) || math.IsNaN(by) {
		return "", false
	}
	now, _ := time.ParseDuration(f.String(s))
	if entry[0] == '/' {
		by = 1 / by
	}
	scaled := math.Round(float64(now) * by)
	if scaled > math.MaxInt64 {
		scaled = math.MaxInt64 // refused, with the bounds, when it is set
	}
	return time.Duration(scaled).String(), true
}

// View returns the settings as the API shows them, sections of values. Secrets
// are left out.
func (s Settings) View() map[string]map[string]any {
	view := map[string]map[string]any{}
	for _, f := range table {
		if f.Secret {
			continue
		}
		section, name, _ := strings.Cut(f.Key, ".")
		if view[section] == nil {
			view[section] = map[string]any{}
		}
		view[section][name] = f.Value(s)
	}
	return view
}
