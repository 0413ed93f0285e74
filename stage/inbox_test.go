package stage

import (
	"math/rand/v2"
	"testing"
)

func TestAnInboxGivesWhatCameFirstAndWhen(t *testing.T) {
	type arrival struct {
		seq uint64
		at  int64
	}
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var (
			b    buffer[int]
			q    inbox[int]
			want []arrival
			now  int64
		)
		for range 400 {
			switch rng.IntN(3) {
			case 0:
				now += int64(rng.IntN(2))
				b.appendAll(make([]int, 1+rng.IntN(300)), now)
				for n := 1 + rng.IntN(b.count); n > 0; {
					s := b.take(n)
					n -= s.len()
					for i := range s.len() {
						want = append(want, arrival{s.seq() + uint64(i), now})
					}
					q.push(s, now)
				}
			default:
				if q.count == 0 {
					continue
				}
				if q.since() != want[0].at {
					t.Fatalf("seed %d: the first came at %d, want %d", seed, q.since(), want[0].at)
				}
				n := 1 + rng.IntN(q.count)
				e := q.pop(n)
				if e.len() < 1 || e.len() > n || e.seq() != want[0].seq || e.at != want[0].at {
					t.Fatalf("seed %d: pops %d from %d at %d, want up to %d from %d at %d",
						seed, e.len(), e.seq(), e.at, n, want[0].seq, want[0].at)
				}
				if last := want[e.len()-1]; last.at != e.at || last.seq != e.seq()+uint64(e.len())-1 {
					t.Fatalf("seed %d: what is popped together did not come together", seed)
				}
				want = want[e.len():]
			}
			if q.count != len(want) {
				t.Fatalf("seed %d: %d in the inbox, want %d", seed, q.count, len(want))
			}
		}
	}
}

func TestAnInboxThatIsNeverEmptyDoesNotGrowForEver(t *testing.T) {
	var (
		b buffer[int]
		q inbox[int]
	)
	for i := range 100_000 {
		b.append(i, 0)
		q.push(b.take(1), int64(i))
		if q.count > 5 {
			q.pop(1)
		}
	}
	if cap(q.entries) > 1000 {
		t.Errorf("has room for %d entries for the sake of %d", cap(q.entries), q.count)
	}
}

func TestNeighboursThatCameTogetherAreOneEntry(t *testing.T) {
	var (
		b buffer[int]
		q inbox[int]
	)
	b.appendAll(make([]int, 10), 0)
	for range 10 {
		q.push(b.take(1), 7)
	}
	if e := q.pop(10); e.len() != 10 || q.count != 0 {
		t.Errorf("pops %d of 10, %d stay", e.len(), q.count)
	}
}
