package stage

import (
	"math"
	"testing"
	"time"
)

func TestABucketFillsEvenlyAndNoFurtherThanItsBurst(t *testing.T) {
	const second = int64(time.Second)
	var b bucket
	if b.holds(5) != math.MaxInt {
		t.Error("the zero bucket bounds something")
	}
	b.set(10, 5, 0)
	steps := []struct {
		at    int64
		holds int
		spend int
	}{
		{0, 5, 5}, {1, 0, 0}, {second / 10, 1, 1}, {second/10 + 1, 0, 0}, {second/5 - 1000, 0, 0}, {second / 5, 1, 0},
		{second * 3 / 10, 2, 2}, {100 * second, 5, 3}, {100 * second, 2, 2}, {100*second + second/4, 2, 0},
	}
	for i, s := range steps {
		if n := b.holds(s.at); n != s.holds {
			t.Fatalf("step %d: holds %d, want %d", i, n, s.holds)
		}
		b.spend(s.spend)
	}
}

func TestABucketTellsWhenTheNextTokenIsThere(t *testing.T) {
	var b bucket
	b.set(3, 1, 0)
	now := int64(0)
	for n := range 300 {
		if got := b.holds(now); got != 1 {
			t.Fatalf("token %d at %d: holds %d", n, now, got)
		}
		b.spend(1)
		if b.holds(now) != 0 {
			t.Fatalf("token %d: more than one", n)
		}
		now = b.due()
	}
	if want := int64(100 * time.Second); now < want-1000 || now > want+1000 {
		t.Errorf("300 tokens at 3 a second took %v", time.Duration(now))
	}
}

func TestABucketOfAnotherRateKeepsWhatHasGathered(t *testing.T) {
	var b bucket
	b.set(1, 10, 0)
	b.spend(10)
	b.set(100, 2, int64(3*time.Second)) // three have come, two fit
	if n := b.holds(int64(3 * time.Second)); n != 2 {
		t.Errorf("holds %d, want 2", n)
	}
	b.set(0, 1, int64(4*time.Second))
	if b.holds(int64(4*time.Second)) != math.MaxInt {
		t.Error("a bound of 0 bounds")
	}
	var slow bucket
	slow.set(1e-12, 1, 0)
	slow.spend(1)
	if slow.due() != math.MaxInt64 {
		t.Errorf("a token in thirty thousand years is due at %d", slow.due())
	}
}
