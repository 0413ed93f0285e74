package live

import "fmt"

// segment is a part of a bar with its place, in percent of the bar.
type segment struct {
	Part
	X, Width float64
}

// part makes one share of a bar inside a template.
func part(label string, value any, meaning string) (Part, error) {
	f, err := toFloat(value)
	if err != nil {
		return Part{}, fmt.Errorf("part %s: %w", label, err)
	}
	text, err := number(value)
	return Part{Label: label, Value: f, Text: text, Colour: meaning}, err
}

// stack lays parts side by side in a bar that stands for total; a total of nil, 0 or less
// than the parts' sum means the sum.
func stack(total any, parts any) ([]segment, error) {
	list, err := toParts(parts)
	if err != nil {
		return nil, err
	}
	var sum float64
	for _, p := range list {
		sum += max(0, p.Value)
	}
	if t, err := toFloat(total); err == nil {
		sum = max(sum, t)
	}
	segments := make([]segment, len(list))
	x := 0.0
	for i, p := range list {
		segments[i] = segment{Part: p, X: x}
		if sum > 0 {
			segments[i].Width = max(0, p.Value) / sum * 100
		}
		x += segments[i].Width
	}
	return segments, nil
}

// toParts accepts a room's []Part and what a template's list makes.
func toParts(v any) ([]Part, error) {
	switch list := v.(type) {
	case []Part:
		return list, nil
	case []any:
		parts := make([]Part, 0, len(list))
		for _, item := range list {
			p, ok := item.(Part)
			if !ok {
				return nil, fmt.Errorf("bar: %T is not a part", item)
			}
			parts = append(parts, p)
		}
		return parts, nil
	}
	return nil, fmt.Errorf("bar: %T is not a list of parts", v)
}
