package stage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// bulky is so large that a chunk holds few of it.
type bulky struct {
	value int
	_     [1016]byte
}

// slot is an event as the naive buffer knows it.
type slot struct {
	seq      uint64
	value    int
	accepted int64
}

// bufferGame plays on a buffer and on a plain slice of the waiting events.
type bufferGame struct {
	t        testing.TB
	b        buffer[bulky]
	now      int64
	waiting  []slot // by sequence number
	lent     []lent
	next     uint64
	value    int
	reserved []bulky
	chunks   map[*chunk[bulky]]bool
}

// lent is a span that was taken, and what should be in it.
type lent struct {
	span[bulky]
	slots []slot
}

func newBufferGame(t testing.TB) *bufferGame {
	return &bufferGame{t: t, chunks: make(map[*chunk[bulky]]bool)}
}

func (g *bufferGame) step(op byte, n int) {
	switch op % 10 {
	case 0, 1:
		if g.reserved == nil {
			g.b.append(g.fresh(1)[0], g.now)
		}
	case 2:
		if g.reserved == nil {
			g.b.appendAll(g.fresh(n), g.now)
		}
	case 3:
		g.reserve(n)
	case 4:
		g.publish(n)
	case 5, 6:
		g.take(n)
	case 7:
		g.giveBack(n)
	case 8:
		g.finish(n)
	case 9:
		g.now += int64(n) * int64(time.Millisecond)
		if n > 200 {
			g.now += int64(72 * time.Minute) // more than a chunk's stamps can tell
		}
	}
	g.check()
}

func (g *bufferGame) fresh(n int) []bulky {
	evs := make([]bulky, n)
	for i := range evs {
		g.value++
		evs[i].value = g.value
		g.waiting = append(g.waiting, slot{g.next, g.value, g.now})
		g.next++
	}
	return evs
}

func (g *bufferGame) reserve(n int) {
	if n == 0 || g.reserved != nil {
		return
	}
	g.reserved = g.b.reserve(n, g.now)
	if got, chunk := len(g.reserved), inChunk[bulky](); got > n || got < min(n, chunk/4) {
		g.t.Fatalf("reserves %d of %d", got, n)
	}
	if slices.ContainsFunc(g.reserved, func(ev bulky) bool { return ev.value != 0 }) {
		g.t.Fatal("reserved slots are not empty")
	}
}

func (g *bufferGame) publish(n int) {
	if g.reserved == nil {
		return
	}
	n = min(n, len(g.reserved))
	copy(g.reserved, g.fresh(n))
	if n > 0 {
		g.b.publish(n, g.now)
	}
	g.reserved = nil
}

func (g *bufferGame) take(n int) {
	if n == 0 || len(g.waiting) == 0 {
		return
	}
	if got, want := g.b.oldest(), g.waiting[0].accepted; got > want || got <= want-stampUnit {
		g.t.Fatalf("the oldest was accepted at %d, want %d", got, want)
	}
	s := g.b.take(n)
	if s.len() < 1 || s.len() > min(n, len(g.waiting)) {
		g.t.Fatalf("takes %d of %d", s.len(), len(g.waiting))
	}
	g.lent = append(g.lent, lent{s, slices.Clone(g.waiting[:s.len()])})
	g.waiting = g.waiting[s.len():]
}

// giveBack returns one of the spans that are lent, or one event of it that is to
// be tried again.
func (g *bufferGame) giveBack(n int) {
	if len(g.lent) == 0 {
		return
	}
	l := g.pick(n)
	back := l.slots
	if n%2 == 0 {
		g.b.putBack(l.span)
	} else {
		first := l.cut(1)
		ev, seq, stamp := first.events()[0], first.seq(), first.stamp(0)
		clear(first.events())
		clear(l.span.events())
		g.b.release(first.of, 1)
		if l.span.len() > 0 {
			g.b.release(l.of, l.span.len())
		}
		g.b.putBack(comeback(ev, seq, stamp, 1, 1))
		back = back[:1]
	}
	g.waiting = append(g.waiting, back...)
	slices.SortFunc(g.waiting, func(a, b slot) int { return int(a.seq) - int(b.seq) })
}

// finish settles one of the spans that are lent.
func (g *bufferGame) finish(n int) {
	if len(g.lent) == 0 {
		return
	}
	l := g.pick(n)
	if l.span.len() == 1 {
		if ev := g.b.copyOut(l.span); ev.value != l.slots[0].value {
			g.t.Fatalf("copies out %d, want %d", ev.value, l.slots[0].value)
		}
		return
	}
	clear(l.events())
	g.b.release(l.of, l.span.len())
}

func (g *bufferGame) pick(n int) lent {
	i := n % len(g.lent)
	l := g.lent[i]
	g.lent = slices.Delete(g.lent, i, i+1)
	return l
}

// check compares all that can be seen.
func (g *bufferGame) check() {
	if g.b.count != len(g.waiting) || g.b.next != g.next {
		g.t.Fatalf("%d wait, next is %d; want %d and %d", g.b.count, g.b.next, len(g.waiting), g.next)
	}
	live := make(map[*bulky]bool)
	for _, l := range g.lent {
		g.checkSpan(l.span, l.slots, live)
	}
	waiting := slices.Concat(g.b.returned, g.b.tried)
	slices.SortFunc(waiting, func(a, b span[bulky]) int { return int(a.seq()) - int(b.seq()) })
	at := g.b.at
	for c := g.b.head; c != nil; c = c.next {
		g.chunks[c] = true
		waiting = append(waiting, span[bulky]{c, uint32(at), uint32(c.filled)})
		at = 0
	}
	rest := g.waiting
	for _, s := range waiting {
		if s.len() > len(rest) {
			g.t.Fatalf("more wait than %d", len(g.waiting))
		}
		g.checkSpan(s, rest[:s.len()], live)
		rest = rest[s.len():]
	}
	if len(rest) > 0 {
		g.t.Fatalf("%d waiting events are nowhere", len(rest))
	}
	g.checkMemory(live)
}

func (g *bufferGame) checkSpan(s span[bulky], want []slot, live map[*bulky]bool) {
	g.chunks[s.of] = true
	for i := range s.events() {
		ev := &s.events()[i]
		live[ev] = true
		if ev.value != want[i].value || s.seq()+uint64(i) != want[i].seq {
			g.t.Fatalf("event %d is %d, want event %d to be %d", s.seq()+uint64(i), ev.value, want[i].seq, want[i].value)
		}
		if late := want[i].accepted - s.stamp(i); late < 0 || late >= stampUnit {
			g.t.Fatalf("event %d is stamped %d, was accepted at %d", want[i].seq, s.stamp(i), want[i].accepted)
		}
	}
}

// checkMemory: what is not live is zero, and few chunks are kept.
func (g *bufferGame) checkMemory(live map[*bulky]bool) {
	free := 0
	for c := g.b.free; c != nil; c = c.next {
		free++
		if c.live != 0 || c.filled != 0 || c.sealed {
			g.t.Fatalf("a free chunk is in use: %+v", c)
		}
	}
	if free != g.b.freed || free > maxFreeList {
		g.t.Fatalf("%d chunks are free, it says %d", free, g.b.freed)
	}
	for c := range g.chunks {
		n := 0
		for i := range c.events {
			ev := &c.events[i]
			if live[ev] {
				n++
			} else if ev.value != 0 && !g.isReserved(ev) {
				g.t.Fatalf("event %d lingers in slot %d", ev.value, i)
			}
		}
		if c.live != n && c.filled > 0 {
			g.t.Fatalf("a chunk says that %d of its events are live, %d are", c.live, n)
		}
	}
}

func (g *bufferGame) isReserved(ev *bulky) bool {
	for i := range g.reserved {
		if &g.reserved[i] == ev {
			return true
		}
	}
	return false
}

func FuzzBuffer(f *testing.F) {
	f.Add([]byte{2, 40, 5, 10, 5, 10, 7, 0, 8, 0, 5, 60, 8, 0})
	f.Add([]byte{3, 10, 9, 255, 4, 5, 5, 3, 0, 0, 5, 9, 7, 1, 5, 3})
	f.Fuzz(func(t *testing.T, script []byte) {
		g := newBufferGame(t)
		for i := 0; i+1 < min(len(script), 400); i += 2 {
			g.step(script[i], int(script[i+1]))
		}
	})
}

func TestABufferKeepsOrderWhateverComesBack(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			g := newBufferGame(t)
			for range 300 {
				g.step(byte(rng.Uint32()), rng.IntN(256))
			}
		})
	}
}

func TestABufferUsesItsChunksAgain(t *testing.T) {
	var b buffer[bulky]
	seen := make(map[*chunk[bulky]]bool)
	for i := range 10_000 {
		b.append(bulky{value: i}, 0)
		seen[b.tail] = true
		if s := b.take(1); b.copyOut(s).value != i {
			t.Fatal("out of order")
		}
	}
	if len(seen) > 3 {
		t.Errorf("10,000 events that never waited used %d chunks", len(seen))
	}
}

func TestABurstsMemoryIsLetGo(t *testing.T) {
	var b buffer[bulky]
	b.appendAll(make([]bulky, 1000), 0)
	for b.count > 0 {
		s := b.take(1000)
		b.release(s.of, s.len())
	}
	if b.freed != maxFreeList {
		t.Errorf("keeps %d chunks, want %d", b.freed, maxFreeList)
	}
}

func TestStampsAreExactAnHourAndAQuarterAfterTheFirst(t *testing.T) {
	times := []int64{0, int64(time.Hour), int64(71 * time.Minute), int64(75 * time.Minute), int64(300 * time.Hour)}
	var b buffer[int]
	for _, now := range times {
		b.append(1, now)
	}
	slots := b.reserve(3, times[4])
	copy(slots, []int{7, 8, 9})
	late := times[4] + int64(100*time.Minute)
	b.publish(3, late)
	for _, want := range append(times, late, late, late) {
		s := b.take(1)
		if got := s.stamp(0); got != want {
			t.Errorf("stamp %v, want %v", time.Duration(got), time.Duration(want))
		}
		if ev := b.copyOut(s); want == late && ev < 7 {
			t.Errorf("published %d", ev)
		}
	}
}

func TestAChunkOfNothingHoldsManyAndOneOfMuchHoldsSome(t *testing.T) {
	if n := inChunk[struct{}](); n != maxInChunk {
		t.Errorf("%d empty events in a chunk", n)
	}
	if n := inChunk[[1 << 20]byte](); n != minInChunk {
		t.Errorf("%d events of a megabyte in a chunk", n)
	}
	if n := inChunk[[64]byte](); n != 256 {
		t.Errorf("%d events of 64 bytes in a chunk, want 256", n)
	}
}

// chunks counts those between the oldest waiting event and the end.
func (b *buffer[T]) chunks() (n int) {
	for c := b.head; c != nil; c = c.next {
		n++
	}
	return n
}

func TestASourceThatTricklesTakesNoMoreMemoryThanOneThatPours(t *testing.T) {
	const events = 10_000
	for _, asked := range []int{1, 300, 1024, 20_000} {
		var b buffer[int]
		for i := range events {
			b.reserve(max(1, asked-i), int64(i))[0] = i
			b.publish(1, int64(i))
		}
		most := events/(inChunk[int]()*3/4) + 1
		if n := b.chunks(); n > most {
			t.Errorf("asked for %d: %d chunks for %d events, want at most %d", asked, n, events, most)
		}
	}
}
