package stage

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRetriesComeBackWhenTheyAreDueAndOfEqualsTheEarlierEvent(t *testing.T) {
	type due struct {
		at  int64
		seq uint64
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var (
		d    delayed[int]
		want []due
	)
	for seq := range uint64(500) {
		at := int64(rng.IntN(50))
		d.push(at, comeback(int(seq), seq, 0, 0, 0))
		want = append(want, due{at, seq})
	}
	slices.SortFunc(want, func(a, b due) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return int(a.seq) - int(b.seq)
	})
	for now := range int64(60) {
		for {
			s, ok := d.pop(now)
			if !ok {
				break
			}
			if want[0].at != now || s.seq() != want[0].seq {
				t.Fatalf("at %d event %d comes, want %+v", now, s.seq(), want[0])
			}
			want = want[1:]
		}
	}
	if len(want) > 0 || len(d) > 0 {
		t.Errorf("%d did not come, %d are kept", len(want), len(d))
	}
}

func TestARetryThatIsGoneIsNotKeptByItsHeap(t *testing.T) {
	var d delayed[*int]
	d.push(1, comeback(new(int), 0, 0, 0, 0))
	d.pop(1)
	if d[:1][0].what.of != nil {
		t.Error("the heap's memory still refers to it")
	}
}
