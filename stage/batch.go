package stage

import "time"

// Batch is events of one key, as a [Batcher] gathered them.
type Batch[K comparable, T any] struct {
	Key    K
	Events []T // the receiver's own: it may keep and change them
	Weight int // their sum, where the batcher weighs
	Reason Reason
}

// Reason says why a batch left its batcher.
type Reason uint8

// The reasons.
const (
	ReasonSize    Reason = iota // it has as many events as may be
	ReasonWeight                // it has the weight that may be, or one more event would have exceeded it
	ReasonAge                   // its first event has waited as long as may be
	ReasonFlush                 // the batcher ended, or Flush was called
	ReasonEvicted               // another key needed its place
)

func (r Reason) String() string {
	if r > ReasonEvicted {
		return "unknown reason"
	}
	return [...]string{"size", "weight", "age", "flush", "evicted"}[r]
}

// MarshalText writes the word.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// batches are the open ones of a batcher, and those that are to leave.
type batches[K comparable, T any] struct {
	size, weight, most int // bounds; weight 0: none
	age                int64

	open   map[K]*openBatch[K, T]
	byAge  fifo[openBatch[K, T]] // the oldest first
	events int                   // in open ones
	ready  []Batch[K, T]         // to leave, the first first
}

type openBatch[K comparable, T any] struct {
	member[openBatch[K, T]]
	Batch[K, T]
	began int64
}

// add puts an event into the batch of its key. What it completes is ready then.
func (b *batches[K, T]) add(key K, ev T, weight int, now int64) {
	o := b.open[key]
	if o != nil && b.weight > 0 && weight > b.weight-o.Weight {
		b.complete(o, ReasonWeight)
		o = nil
	}
	if o == nil {
		o = b.begin(key, now)
	}
	o.Events = append(o.Events, ev)
	o.Weight += weight
	b.events++
	switch {
	case len(o.Events) >= b.size:
		b.complete(o, ReasonSize)
	case b.weight > 0 && o.Weight >= b.weight:
		b.complete(o, ReasonWeight)
	}
}

// addAll is add of events of one key that weigh nothing.
func (b *batches[K, T]) addAll(key K, evs []T, now int64) {
	for len(evs) > 0 {
		o := b.open[key]
		if o == nil {
			o = b.begin(key, now)
		}
		n := min(len(evs), b.size-len(o.Events))
		o.Events = append(o.Events, evs[:n]...)
		b.events += n
		evs = evs[n:]
		if len(o.Events) == b.size {
			b.complete(o, ReasonSize)
		}
	}
}

func (b *batches[K, T]) begin(key K, now int64) *openBatch[K, T] {
	if len(b.open) >= b.most {
		b.complete(b.byAge.first.of, ReasonEvicted)
	}
	o := &openBatch[K, T]{began: now}
	o.Key = key
	if b.open == nil {
		b.open = map[K]*openBatch[K, T]{}
	}
	b.open[key] = o
	b.byAge.push(&o.member, o)
	return o
}

func (b *batches[K, T]) complete(o *openBatch[K, T], why Reason) {
	delete(b.open, o.Key)
	b.byAge.remove(&o.member)
	b.events -= len(o.Events)
	o.Reason = why
	b.ready = append(b.ready, o.Batch)
}

// expire completes those that are too old.
func (b *batches[K, T]) expire(now int64) {
	for b.age > 0 && b.byAge.first != nil && now-b.byAge.first.of.began >= b.age {
		b.complete(b.byAge.first.of, ReasonAge)
	}
}

// flush completes all, the oldest first.
func (b *batches[K, T]) flush() {
	for b.byAge.first != nil {
		b.complete(b.byAge.first.of, ReasonFlush)
	}
}

// due is how long it is until the oldest is too old; false: none will be.
func (b *batches[K, T]) due(now int64) (time.Duration, bool) {
	if b.age == 0 || b.byAge.first == nil {
		return 0, false
	}
	return time.Duration(max(1, b.byAge.first.of.began+b.age-now)), true
}

// sent forgets the first of those that were ready.
func (b *batches[K, T]) sent() {
	b.ready[0] = Batch[K, T]{} // or the rest would keep its events
	b.ready = b.ready[1:]
}

// held is how many events are here, open or ready.
func (b *batches[K, T]) held() int {
	n := b.events
	for _, r := range b.ready {
		n += len(r.Events)
	}
	return n
}
