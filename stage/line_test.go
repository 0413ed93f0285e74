package stage

import (
	"slices"
	"testing"
)

// queueOfClaims is GenStage's list of demands: sorted, an ask or a grant takes a
// claim out and puts it in again behind its equals.
type queueOfClaims []place

type place struct{ who, credit int }

func (q *queueOfClaims) put(who, change int) {
	credit := change
	if i := slices.IndexFunc(*q, func(p place) bool { return p.who == who }); i >= 0 {
		credit += (*q)[i].credit
		*q = slices.Delete(*q, i, i+1)
	}
	i := slices.IndexFunc(*q, func(p place) bool { return p.credit < credit })
	if i < 0 {
		i = len(*q)
	}
	*q = slices.Insert(*q, i, place{who, credit})
}

func (q *queueOfClaims) leave(who int) {
	*q = slices.DeleteFunc(*q, func(p place) bool { return p.who == who })
}

func (q queueOfClaims) first() int {
	if len(q) == 0 || q[0].credit == 0 {
		return -1
	}
	return q[0].who
}

func (q queueOfClaims) total() (n int) {
	for _, p := range q {
		n += p.credit
	}
	return n
}

func TestALineServesTheLargestDemandAndOfEqualsTheLongestWaiting(t *testing.T) {
	var l line[string]
	claims := make(map[string]*claim[string])
	for _, name := range []string{"a", "b", "c"} {
		claims[name] = &claim[string]{of: name}
		l.ask(claims[name], 2)
	}
	var order string
	for c := l.first(); c != nil; c = l.first() {
		order += c.of
		l.grant(c, 1)
	}
	if order != "abcabc" || l.total != 0 {
		t.Errorf("served %s with %d left, want abcabc and 0", order, l.total)
	}
	l.ask(claims["c"], 1)
	l.ask(claims["a"], 3)
	if l.first().of != "a" {
		t.Errorf("%s is first, want a, who asked for most", l.first().of)
	}
	l.leave(claims["a"])
	l.leave(claims["b"])
	if l.first().of != "c" || l.total != 1 {
		t.Errorf("%s is first of %d, want c of 1", l.first().of, l.total)
	}
}

func TestALineGivesAFirstOneAllThatItAskedFor(t *testing.T) {
	var l line[int]
	c := &claim[int]{}
	l.ask(c, 1000)
	if n := l.grant(c, 900); n != 900 || c.credit != 100 {
		t.Errorf("grants %d and leaves %d, want 900 and 100", n, c.credit)
	}
	if n := l.grant(c, 900); n != 100 || l.first() != nil {
		t.Errorf("grants %d, want the last 100", n)
	}
	l.leave(c)
	l.leave(c) // twice is once
	if l.total != 0 || len(l.claims) != 0 {
		t.Errorf("%d claims with %d are left, want none", len(l.claims), l.total)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte{0, 5, 1, 5, 2, 5, 64, 1, 64, 1, 128, 0, 1, 7})
	f.Fuzz(func(t *testing.T, script []byte) {
		var (
			l     line[int]
			naive queueOfClaims
			all   [8]claim[int]
		)
		for i := range all {
			all[i].of = i
		}
		for i := 0; i+1 < len(script); i += 2 {
			who, n := int(script[i])%len(all), int(script[i+1])
			switch script[i] / 64 {
			case 0:
				l.ask(&all[who], n)
				naive.put(who, n)
			case 1: // what a hand-out does
				if c := l.first(); c != nil {
					naive.put(c.of, -l.grant(c, n))
				}
			case 2: // what a smaller demand does
				if all[who].place > 0 {
					naive.put(who, -l.grant(&all[who], n))
				}
			case 3:
				l.leave(&all[who])
				naive.leave(who)
			}
			first := -1
			if c := l.first(); c != nil {
				first = c.of
			}
			if first != naive.first() || l.total != naive.total() {
				t.Fatalf("step %d: %d is first of %d, want %d of %d", i/2, first, l.total, naive.first(), naive.total())
			}
		}
	})
}
