package lab

import (
	"fmt"
	"time"
)

// dropWatch tells once a second how many events were dropped since it told last. It
// is fed with every sample.
type dropWatch struct {
	seen   uint64
	toldAt time.Time
}

// see takes in how many were dropped so far and returns what there is to mark.
func (w *dropWatch) see(at time.Time, dropped uint64) (text string) {
	if dropped == w.seen || at.Sub(w.toldAt) < time.Second {
		return ""
	}
	text = fmt.Sprintf("%d events dropped", dropped-w.seen)
	w.seen, w.toldAt = dropped, at
	return text
}
