package part2

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/affluxlab/afflux/stage"
)

// Shared by all answers, so that none has to allocate its own.
var (
	ok        = []byte("OK")
	plainText = []string{"text/plain; charset=utf-8"}
	soon      = []string{"1"}
)

// enqueue stamps an event and gives it to the producer. OK means accepted: in the
// books until it is done or has failed.
func (p *Part) enqueue(w http.ResponseWriter, _ *http.Request) {
	depth := p.queue.InSystem()
	err := p.queue.TryPush(event{at: p.clock(), depth: uint32(depth)})
	h := w.Header()
	h["Content-Type"] = plainText
	if err == nil {
		if depth == 0 {
			p.recent.restart()
		}
		w.Write(ok)
		return
	}
	h["Retry-After"] = soon
	w.WriteHeader(http.StatusServiceUnavailable)
	w.Write([]byte(p.refusal(err)))
}

// refusal is what a refused request is told; it depends on the settings alone, not
// on the moment, so that all refusals of a run have one length.
func (p *Part) refusal(err error) string {
	switch {
	case errors.Is(err, stage.ErrFull):
		return fmt.Sprintf("the buffer is full: %d events may wait", p.queue.Config().Buffer)
	case errors.Is(err, stage.ErrSealed):
		return "part 2 takes no events until it is resumed: it drains, or has drained"
	}
	return "part 2 is stopping"
}
