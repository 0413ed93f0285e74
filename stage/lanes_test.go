package stage

import "testing"

// A burst that is over leaves no more memory than the partitions may keep together.
func TestPartitionsLetGoOfABurst(t *testing.T) {
	type kib [1024]byte
	const n, burst = 1024, 40
	l := newLanes(func(kib) uint64 { return 0 }, n, burst)
	var slots int
	for i := range l.all {
		a := &l.all[i]
		for seq := range uint64(burst) {
			l.push(a, []kib{{byte(i)}}, seq, 0)
		}
		l.ready.remove(&a.ready)
		a.leased = true
		for a.buffer.count > 0 {
			s := a.buffer.take(burst)
			a.buffer.release(s.of, s.len())
		}
		l.release(a)
		for c := a.buffer.free; c != nil; c = c.next {
			slots += len(c.events)
		}
		if c := a.buffer.tail; c != nil {
			slots += len(c.events)
		}
	}
	if kept := slots * (1024 + slotCost); kept > keptInLanes {
		t.Errorf("%d bytes are kept, of %d", kept, keptInLanes)
	}
}
