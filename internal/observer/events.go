package observer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

// keptEvents is how many entries the log of the tree has at most.
const keptEvents = 200

// Entry is something that happened in the tree, or was done to it.
type Entry struct {
	At     time.Time `json:"at"`
	Tree   string    `json:"tree"`
	Child  string    `json:"child"`
	Kind   string    `json:"kind"` // crash, killed, stuck, gave_up, action
	Text   string    `json:"text"`
	Stack  string    `json:"stack"`   // of a panic
	BackMS *float64  `json:"back_ms"` // of a crash or a kill: until it ran again; null: it has not

	over bool // the child has left since
}

// Back says after what time a child that had ended ran again; empty: it has not, or
// has not ended.
func (e Entry) Back() string { return msCell(e.BackMS).ifAny() }

// events is the log.
type events struct {
	mu      sync.Mutex // guards what follows
	entries []*Entry   // oldest first
}

func (l *events) add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) >= keptEvents {
		l.entries = slices.Delete(l.entries, 0, 1)
	}
	l.entries = append(l.entries, &e)
}

// back notes that a child runs again, with the entry of its end.
func (l *events) back(child string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range slices.Backward(l.entries) {
		if e.Child == child && (e.Kind == "crash" || e.Kind == "killed") {
			if e.BackMS == nil && !e.over {
				ms := float64(at.Sub(e.At).Microseconds()) / 1000
				e.BackMS = &ms
			}
			return
		}
	}
}

// gone notes that a child has left: the next of its name is another.
func (l *events) gone(child string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.Child == child {
			e.over = true
		}
	}
}

// newest returns copies of the last n, newest first.
func (l *events) newest(n int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []Entry{}
	for _, e := range slices.Backward(l.entries) {
		if len(out) == n {
			break
		}
		out = append(out, *e)
	}
	return out
}

// stackOf is the stack of a child's last panic, if the log still has it.
func (l *events) stackOf(child string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range slices.Backward(l.entries) {
		if e.Child == child && e.Stack != "" {
			return e.Stack
		}
	}
	return ""
}

// Tell takes note of what happens in the tree. It is a hook of it.
func (o *Observer) Tell(e supervise.Event) {
	switch e := e.(type) {
	case supervise.Started:
		o.events.back(e.Child, e.At)
	case supervise.Ended:
		if entry, told := entryOf(e); told {
			o.events.add(entry)
		}
	case supervise.Stuck:
		o.events.add(Entry{At: e.At, Tree: e.Tree, Child: e.Child, Kind: "stuck", Text: e.String()})
	case supervise.GaveUp:
		o.events.add(Entry{At: e.At, Tree: e.Tree, Child: e.Child, Kind: "gave_up", Text: e.String()})
	case supervise.Removed: // asked for, so not worth an entry; but another of its name is not it
		o.events.gone(e.Child)
	}
}

// entryOf is the end of a child, if it is worth an entry: one that was told to end
// is not.
func entryOf(e supervise.Ended) (Entry, bool) {
	entry := Entry{At: e.At, Tree: e.Tree, Child: e.Child}
	switch {
	case e.Failed && e.Asked:
		entry.Kind, entry.Text = "killed", e.Child+" was killed"
		if e.Err != nil && !errors.Is(e.Err, supervise.ErrKilled) && !errors.Is(e.Err, context.Canceled) {
			entry.Text += ", and said: " + oneLine(e.Err)
		}
	case e.Failed:
		entry.Kind, entry.Text = "crash", e.Child+" crashed: "+oneLine(e.Err)
	default:
		return entry, false
	}
	if panicked, ok := errors.AsType[*supervise.PanicError](e.Err); ok {
		entry.Stack = string(panicked.Stack)
	}
	return entry, true
}
