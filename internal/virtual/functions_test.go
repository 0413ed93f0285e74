package virtual_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/affluxlab/afflux/internal/virtual"
)

// nothing is an input or output of no interest.
type nothing struct{}

// does registers a function of which only the way it ends matters.
func does(name string, do func(context.Context)) virtual.Function[nothing, nothing] {
	return virtual.Register(name, func(ctx context.Context, _ nothing) (nothing, error) {
		do(ctx)
		return nothing{}, nil
	})
}

var (
	sleep = virtual.Register("sleep", func(_ context.Context, d time.Duration) (time.Duration, error) {
		began := time.Now()
		time.Sleep(d)
		return time.Since(began), nil
	})

	// ticks does something every 10 ms, for so long, and counts.
	ticks = virtual.Register("ticks", func(_ context.Context, d time.Duration) (n int, _ error) {
		ticker, end := time.NewTicker(10*time.Millisecond), time.After(d)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				n++
			case <-end:
				return n, nil
			}
		}
	})

	surroundings = virtual.Register("surroundings", func(context.Context, nothing) (around, error) {
		fmt.Println("noise on standard output")
		grandchild := exec.Command("sh", "-c", "env; [ -e /proc/$$/fd/3 ] && echo 3 is open; true")
		env, err := grandchild.Output()
		now := time.Now()
		return around{os.Args[1:], string(env), now.String(), now}, err
	})

	fails = virtual.Register("fails", func(context.Context, nothing) (nothing, error) {
		return nothing{}, errors.New("no such luck")
	})

	failsAndLeaves = virtual.Register("fails and leaves", func(context.Context, nothing) (nothing, error) {
		go func() { select {} }()
		return nothing{}, errors.New("no such luck")
	})

	takesChannels = virtual.Register("takes channels", func(context.Context, chan int) (int, error) { return 0, nil })

	isParticular = virtual.Register("is particular", func(_ context.Context, p particular) (nothing, error) {
		return nothing{}, nil
	})

	returnsNaN = virtual.Register("returns NaN", func(context.Context, nothing) (float64, error) { return math.NaN(), nil })

	returns = virtual.Register("returns", func(_ context.Context, bytes int) (string, error) {
		return strings.Repeat("x", bytes), nil
	})

	panics       = does("panics", func(context.Context) { explode() })
	panicsBeside = does("panics beside", func(context.Context) { go explode(); time.Sleep(time.Second) })
	goexits      = does("goexits", func(context.Context) { runtime.Goexit() })
	unlocks      = does("unlocks", func(context.Context) { unlock() })
	exits        = does("exits", func(context.Context) { os.Exit(7) })
	blocks       = does("blocks", func(context.Context) { waitForEver() })
	leaves       = does("leaves", func(context.Context) { go waitForEver() })
	leavesTicker = does("leaves a ticker", func(context.Context) { go tickForEver() })
	leavesCtx    = does("leaves to the context", func(ctx context.Context) { go func() { <-ctx.Done() }() })
	nests        = virtual.Register("nests", func(ctx context.Context, _ nothing) (nothing, error) {
		_, err := sleep.Run(ctx, time.Second)
		return nothing{}, err
	})

	// complains writes much to standard error and dies.
	complains = does("complains", func(context.Context) {
		fmt.Fprint(os.Stderr, strings.Repeat("a complaint\n", 100_000), "the last one\n")
		os.Exit(7)
	})

	// babbles writes more to descriptor 3 than a parent keeps.
	babbles = does("babbles", func(context.Context) {
		os.NewFile(3, "answer").Write(make([]byte, 17<<20))
	})

	// holdsMutex blocks at what a virtual clock does not count as waiting.
	holdsMutex = does("holds a mutex", func(context.Context) {
		var mu sync.Mutex
		mu.Lock()
		go func() { time.Sleep(time.Second); mu.Unlock() }()
		mu.Lock()
	})

	// hang opens one pipe for writing, tells its process, and waits for another
	// that nobody opens: no clock, virtual or not, sees that.
	hang = virtual.Register("hang", func(_ context.Context, path string) (nothing, error) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nothing{}, err
		}
		fmt.Fprintln(f, os.Getpid())
		_, err = os.ReadFile(path + never)
		f.Close()
		return nothing{}, err
	})
)

const never = ".never"

type around struct {
	Args []string
	Env  string
	Text string
	Time time.Time
}

// particular goes into JSON, but not out of it.
type particular struct{}

func (*particular) UnmarshalJSON([]byte) error { return errors.New("not this one") }

func explode()     { panic("boom") }
func waitForEver() { select {} }

func tickForEver() {
	for range time.Tick(time.Second) {
	}
}

// unlock is what no recover helps against.
func unlock() {
	var mu sync.Mutex
	mu.Unlock()
}
