package virtual

import (
	"bytes"
	"strings"
)

// maxTail is how many bytes a tail keeps: enough for a report of some thousand
// goroutines with the noise before it.
const maxTail = 1 << 20

// tail keeps the last maxTail bytes that are written to it, or some more: what is
// beyond is dropped when it is as much, so that small writes stay cheap.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*maxTail {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-maxTail:]...)
	}
	return len(p), nil
}

// end is at most so much of the end.
func (t *tail) end(maxBytes int) string {
	return string(t.kept[max(0, len(t.kept)-maxBytes):])
}

// lastLine is the last line that begins so, or nothing.
func (t *tail) lastLine(prefix string) (found string) {
	for line := range bytes.Lines(t.kept) {
		if bytes.HasPrefix(line, []byte(prefix)) {
			found = strings.TrimSpace(string(line))
		}
	}
	return found
}
