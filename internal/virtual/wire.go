package virtual

import (
	"encoding/json"
	"time"
)

// What parent and child agree upon. The request comes on standard input. On
// descriptor 3 the child answers with a reply and exit code 0; or it crashes, and
// the runtime writes its report there. Nothing else ends with 0 and a reply.
const (
	marker     = "AFFLUX_VIRTUAL_CHILD" // the variable that makes a process a child
	answerFile = 3

	maxAnswer = 16 << 20 // bytes, of all that comes on descriptor 3
	maxTrace  = 64 << 10 // bytes
)

type request struct {
	Function string
	Input    json.RawMessage
}

type reply struct {
	Ending  Ending `json:",omitempty"` // empty if there is an output
	Text    string `json:",omitempty"`
	Trace   string `json:",omitempty"`
	Output  json.RawMessage
	Elapsed time.Duration
}
