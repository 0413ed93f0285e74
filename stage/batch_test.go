package stage

import "testing"

// A key that cannot be one, since it has no hash, panics where the batches are
// locked, and does not leave them so.
func TestAKeyThatCannotBeOneLeavesTheBatchesUnlocked(t *testing.T) {
	b := NewBatcher(New("p", Config{}), "b", BatcherConfig[any, int]{Key: func(n int) any { return []int{n} }})
	var err error
	func() {
		defer caught(&err)
		b.take(1, 0)
	}()
	if !isPanic(err) {
		t.Fatalf("take: %v, want a panic", err)
	}
	if !b.heldMu.TryLock() {
		t.Error("they are locked")
	}
}
