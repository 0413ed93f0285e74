package virtual_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/affluxlab/afflux/internal/virtual"
)

type load struct {
	Jobs, Workers int
	Latency       time.Duration
}

// drain is how long workers take for a heap of jobs.
var drain = virtual.Register("drain", func(_ context.Context, l load) (done int, _ error) {
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range l.Workers {
		workers.Go(func() {
			for range jobs {
				time.Sleep(l.Latency)
			}
		})
	}
	for i := range l.Jobs {
		jobs <- i
		done++
	}
	close(jobs)
	workers.Wait()
	return done, nil
})

// The program's main, or its TestMain, calls virtual.Main first.
func Example() {
	r, err := drain.Run(context.Background(), load{Jobs: 10_000, Workers: 6, Latency: 100 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Value, "jobs in", r.Elapsed)
	// Output: 10000 jobs in 2m46.7s
}
