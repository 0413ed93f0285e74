package config

import (
	"fmt"
	"strings"
)

// Error is one mistake: where it is, and what is wrong with what stands there.
type Error struct {
	Place  string // "afflux.toml:12", "--resource-limit", "AFFLUX_ADDR", or the key itself
	Key    string // the setting; may be one that does not exist
	Detail string // "\"fast\": want a duration from 0s to 1h, such as 500ms"
}

func (e Error) Error() string {
	if e.Place == e.Key || e.Key == "" {
		return fmt.Sprintf("%s: %s", e.Place, e.Detail)
	}
	return fmt.Sprintf("%s: %s: %s", e.Place, e.Key, e.Detail)
}

// Errors are all mistakes that were found at once.
type Errors []Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// orNil keeps an empty list from becoming an error.
func (es Errors) orNil() error {
	if len(es) == 0 {
		return nil
	}
	return es
}
