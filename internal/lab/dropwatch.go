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

// plural is n of something.
func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// see takes in how many were dropped so far and returns what there is to mark.
func (w *dropWatch) see(at time.Time, dropped uint64) (text string) {
	if dropped == w.seen || at.Sub(w.toldAt) < time.Second {
		return ""
	}
	text = plural(dropped-w.seen, "event") + " dropped"
	w.seen, w.toldAt = dropped, at
	return text
}
