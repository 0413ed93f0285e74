package stage

import "testing"

// genStage is GenStage's demand as its documentation tells it, one event at a
// time: each finished event is one less pending; when no more than min are, the
// difference up to max is asked for.
type genStage struct{ max, min, pending int }

func (g *genStage) finishOne() (ask int) {
	g.pending--
	if g.pending <= g.min {
		ask = g.max - g.pending
		g.pending = g.max
	}
	return ask
}

// untilAsk is how many events can be handled before the next ask.
func (g genStage) untilAsk() int {
	for n := 1; ; n++ {
		if g.finishOne() > 0 {
			return n
		}
	}
}

func TestAWindowAsksForMaxAtFirst(t *testing.T) {
	w := window{max: 10, min: 5}
	if ask := w.open(); ask != 10 || w.slice() != 5 {
		t.Errorf("asks for %d and takes %d at a time, want 10 and 5", ask, w.slice())
	}
}

func TestAWindowAsksAsGenStageDoes(t *testing.T) {
	type step struct{ arrive, handled, ask int }
	cases := []struct {
		name     string
		max, min int
		steps    []step
	}{
		{"10 and 8: two after every two", 10, 8, []step{{1, 1, 0}, {1, 1, 2}, {1, 1, 0}, {1, 1, 2}}},
		{"1000 and 500: 900 at once are handled as 500 and 400, with an ask between", 1000, 500,
			[]step{{900, 500, 500}, {0, 400, 0}}},
		{"1000 and 750: the third hundred is cut", 1000, 750,
			[]step{{100, 100, 0}, {100, 100, 0}, {100, 50, 250}, {0, 50, 0}}},
		{"1 and 0: one at a time", 1, 0, []step{{1, 1, 1}, {1, 1, 1}}},
		{"2 and 0: an ask when none is left", 2, 0, []step{{1, 1, 0}, {1, 1, 2}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := window{max: c.max, min: c.min}
			w.open()
			waiting := 0
			for i, s := range c.steps {
				waiting += s.arrive
				n := min(waiting, w.slice())
				waiting -= n
				if ask := w.finish(n); n != s.handled || ask != s.ask {
					t.Errorf("step %d: handles %d and asks for %d, want %d and %d", i, n, ask, s.handled, s.ask)
				}
			}
		})
	}
}

func TestAChangedWindowTakesBackOnlyWhatWasNotServed(t *testing.T) {
	cases := []struct {
		name                       string
		from                       window
		credit                     int
		to                         window
		ask, withdrawn, unfinished int
	}{
		{"smaller, all unserved", window{max: 1000, min: 500, unfinished: 1000}, 1000, window{max: 1}, 0, 999, 1},
		{"smaller, all handed out", window{max: 1000, min: 500, unfinished: 1000}, 0, window{max: 1}, 0, 0, 1000},
		{"smaller, partly served", window{max: 1000, min: 500, unfinished: 700}, 300, window{max: 500, min: 250}, 0, 200, 500},
		{"larger", window{max: 1, min: 0, unfinished: 1}, 1, window{max: 10, min: 5}, 9, 0, 10},
		{"manual: nobody has asked for what was not served", window{max: 10, min: 5, unfinished: 9}, 7, window{max: 100, manual: true}, 0, 7, 2},
		{"manual no more", window{max: 100, unfinished: 3, manual: true}, 2, window{max: 10, min: 5}, 7, 0, 10},
		{"larger, but above the new min", window{max: 10, min: 5, unfinished: 8}, 8, window{max: 12, min: 6}, 0, 0, 8},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := c.from
			ask, withdrawn := w.change(c.to, c.credit)
			if ask != c.ask || withdrawn != c.withdrawn || w.unfinished != c.unfinished {
				t.Errorf("asks %d, withdraws %d, %d unfinished; want %d, %d, %d",
					ask, withdrawn, w.unfinished, c.ask, c.withdrawn, c.unfinished)
			}
		})
	}
}

// FuzzWindow plays events that arrive and are handled, and changes of demand,
// beside GenStage's arithmetic.
func FuzzWindow(f *testing.F) {
	f.Add(uint16(10), uint16(8), []byte{1, 1, 1, 1, 3, 200})
	f.Add(uint16(1000), uint16(500), []byte{255, 255, 255, 255, 0, 7, 9})
	f.Fuzz(func(t *testing.T, most, least uint16, script []byte) {
		script = script[:min(len(script), 200)]
		w := window{max: 1 + int(most)%1200}
		w.min = int(least) % w.max
		credit := w.open()
		naive := genStage{w.max, w.min, w.max}
		handed := 0 // of those asked for: arrived and not finished
		for i := 0; i+1 < len(script); i += 2 {
			if script[i]%8 == 7 {
				to := window{max: 1 + int(script[i+1])*(int(script[i])%5)}
				to.min = to.max * int(script[i]) / 256
				ask, withdrawn := w.change(to, credit)
				if withdrawn < 0 || withdrawn > credit || ask < 0 || ask > 0 && withdrawn > 0 {
					t.Fatalf("change: asks %d, withdraws %d of %d", ask, withdrawn, credit)
				}
				credit += ask - withdrawn
				if w.unfinished > max(w.max, handed) || w.unfinished <= w.min {
					t.Fatalf("after the change to %+v %d of %d were handed out", w, handed, w.unfinished)
				}
				naive = genStage{w.max, w.min, w.unfinished}
			}
			arrive := min(credit, int(script[i]))
			credit, handed = credit-arrive, handed+arrive
			n := min(handed, w.slice(), int(script[i+1]))
			if n == 0 {
				continue
			}
			if w.slice() != naive.untilAsk() {
				t.Fatalf("handles %d at a time, the next ask is due after %d", w.slice(), naive.untilAsk())
			}
			want := 0
			for range n {
				want += naive.finishOne()
			}
			if got := w.finish(n); got != want || w.unfinished != naive.pending {
				t.Fatalf("%d finished: asks for %d with %d unfinished, want %d and %d", n, got, w.unfinished, want, naive.pending)
			} else {
				credit, handed = credit+got, handed-n
			}
			if w.unfinished != credit+handed {
				t.Fatalf("%d unfinished, but %d credit and %d handed out", w.unfinished, credit, handed)
			}
		}
	})
}
