package supervise_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/supervise"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waits is a service that does nothing until its context ends.
var waits = supervise.Func(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })

// after is a service that ends by itself after d, in the way end says.
func after(d time.Duration, end func() error) supervise.Service {
	return supervise.Func(func(ctx context.Context) error {
		if d == 0 {
			return end() // a select on a timer that is over crashes the race detector in a bubble (Go 1.26.8)
		}
		select {
		case <-time.After(d):
			return end()
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func returns(err error) func() error { return func() error { return err } }

// deaf is a service that heeds its context only when free says so.
func deaf(free <-chan struct{}) supervise.Service {
	return supervise.Func(func(ctx context.Context) error { <-free; return nil })
}

func tree(t *testing.T, cfg supervise.Config) *supervise.Tree {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "root"
	}
	tr, err := supervise.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// serve runs tr and returns what stops it and gives its error.
func serve(tr *supervise.Tree) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	err := make(chan error, 1)
	go func() { err <- tr.Serve(ctx) }()
	return func() error { cancel(); return <-err }
}

func find(n supervise.Node, name string) supervise.Node {
	if n.Name == name {
		return n
	}
	for _, c := range n.Children {
		if got := find(c, name); got.Name != "" {
			return got
		}
	}
	return supervise.Node{}
}

func worker(name string) supervise.Child { return supervise.Child{Name: name, Service: waits} }

// leavesAfter is a service that needs d to leave.
func leavesAfter(d time.Duration) supervise.Service {
	return supervise.Func(func(ctx context.Context) error { <-ctx.Done(); time.Sleep(d); return nil })
}

// log writes down events in short: + started, - ended, * is restarted, ! is
// stuck, ~ has left.
type log struct {
	mu   sync.Mutex // guards said: the test looks in while the tree goes on
	said []string
}

func (l *log) hear(e supervise.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case supervise.Started:
		l.said = append(l.said, "+"+e.Child)
	case supervise.Ended:
		l.said = append(l.said, "-"+e.Child)
	case supervise.Restarting:
		l.said = append(l.said, "*"+e.Child)
	case supervise.Stuck:
		l.said = append(l.said, "!"+e.Child)
	case supervise.Removed:
		l.said = append(l.said, "~"+e.Child)
	}
}

func (l *log) expect(t *testing.T, want string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.Join(l.said, " "); got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
}
