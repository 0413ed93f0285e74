package stage

// window is the demand of one prefetching subscription: GenStage's arithmetic.
//
// Unfinished is what was asked for and has not been finished: credit not yet
// served, the inbox, and what is in hand. When it falls to min, the difference
// up to max is asked for. A handler is given no more than would bring it there,
// so that the ask falls between two calls and not behind both.
type window struct {
	max, min   int
	unfinished int
	manual     bool // asks only as it is told to, whatever is finished
	owed       int  // manual: asked for and not served when its stage stopped serving
}

// open is the first ask.
func (w *window) open() (ask int) {
	ask = w.max
	if w.manual {
		ask, w.owed = w.owed, 0
	}
	w.unfinished = ask
	return ask
}

// slice is how many events a handler may be given at once.
func (w *window) slice() int { return max(1, w.unfinished-w.min) }

// finish counts n events as finished and says how many to ask for.
func (w *window) finish(n int) (ask int) {
	w.unfinished -= n
	return w.renew()
}

func (w *window) renew() (ask int) {
	if w.unfinished > w.min {
		return 0
	}
	return w.fill()
}

// fill asks for all that may be unfinished, as a fresh subscription does.
func (w *window) fill() (ask int) {
	if w.manual {
		return 0
	}
	ask = max(0, w.max-w.unfinished)
	w.unfinished += ask
	return ask
}

// change puts other numbers in force. Credit that was not served yet and
// exceeds the new bound is withdrawn; what has been handed out stays.
func (w *window) change(to window, credit int) (ask, withdrawn int) {
	was := *w
	w.max, w.min, w.manual = to.max, to.min, to.manual
	withdrawn = min(credit, max(0, w.unfinished-w.max))
	if w.manual {
		withdrawn = 0
		if !was.manual { // nobody has asked for that
			withdrawn = credit
		}
	}
	w.unfinished -= withdrawn
	return w.renew(), withdrawn
}
