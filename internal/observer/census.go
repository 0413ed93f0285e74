package observer

import (
	"context"
	"fmt"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/affluxlab/afflux/internal/profile"
)

// What a census may cost.
const (
	censusShare   = 200             // it is repeated when this many times its cost have passed: half a percent
	censusLeast   = time.Second     // and no sooner than that
	mostToCount   = 200_000         // goroutines; of more, the runtime's counters tell
	stillLooking  = 5 * time.Second // after the last look nobody is told anything any more
	goroutineName = "/sched/goroutines:goroutines"
)

// census keeps the newest count of goroutines, and takes another only while
// somebody looks.
type census struct {
	module string
	wake   chan struct{} // one token: somebody looks

	mu     sync.Mutex // guards what follows
	looked time.Time
	last   profile.Census
	taken  bool
	off    string        // why there is none; empty: there may be one
	every  time.Duration // until the next
	next   chan struct{} // closed when one has been taken
}

func newCensus(module string) *census {
	return &census{module: module, wake: make(chan struct{}, 1), every: censusLeast, next: make(chan struct{})}
}

// look returns the newest, and has another one taken soon.
func (c *census) look() (profile.Census, bool) {
	c.mu.Lock()
	c.looked = time.Now()
	last, taken := c.last, c.taken && c.off == ""
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default: // it has been told
	}
	return last, taken
}

// fresh is look for who asks only once: it waits for a census if the newest is
// from an earlier look.
func (c *census) fresh(ctx context.Context) (profile.Census, bool) {
	c.mu.Lock()
	old, next := !c.taken || time.Since(c.last.At) > 2*c.every, c.next
	c.mu.Unlock()
	last, taken := c.look()
	if !old {
		return last, taken
	}
	wait, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	select {
	case <-next:
	case <-wait.Done():
	}
	return c.look()
}

// due is how long it is until the next; false: nobody looks.
func (c *census) due(now time.Time) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) > stillLooking {
		return 0, false
	}
	if !c.taken && c.off == "" {
		return 0, true
	}
	return max(0, c.last.At.Add(c.every).Sub(now)), true
}

// take counts, unless there are too many.
func (c *census) take() error {
	if n := alive(); n > mostToCount {
		c.keep(profile.Census{At: time.Now(), Total: int(n)}, fmt.Sprintf("more than %d goroutines: to tell them apart would take too long", mostToCount))
		return nil
	}
	taken, err := profile.Goroutines(c.module)
	if err != nil {
		c.keep(profile.Census{At: time.Now()}, err.Error())
		return err
	}
	c.keep(taken, "")
	return nil
}

func (c *census) keep(taken profile.Census, off string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.taken, c.off = taken, true, off
	c.every = max(censusLeast, censusShare*taken.Took)
	close(c.next)
	c.next = make(chan struct{})
}

// alive is how many goroutines there are, which costs a microsecond.
func alive() uint64 {
	sample := []metrics.Sample{{Name: goroutineName}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// CensusView is the goroutines by what they do, as the API shows them.
type CensusView struct {
	At     *time.Time  `json:"at"`      // null: none has been taken
	TookMS float64     `json:"took_ms"` // to find out
	EveryS float64     `json:"every_s"` // how often, while somebody looks
	Total  int         `json:"total"`
	Off    string      `json:"off"` // why they are not told apart; empty: they are
	Groups []GroupView `json:"groups"`
}

// GroupView is goroutines that do the same.
type GroupView struct {
	Count  int               `json:"count"`
	State  profile.State     `json:"state"`
	Doing  string            `json:"doing"` // where they are, in words
	Labels map[string]string `json:"labels"`
	Source string            `json:"source"`
}

// View shows the newest census.
func (o *Observer) view(c profile.Census, taken bool) CensusView {
	o.census.mu.Lock()
	v := CensusView{Off: o.census.off, EveryS: o.census.every.Seconds(), Total: c.Total, Groups: []GroupView{}}
	o.census.mu.Unlock()
	if !taken {
		v.Total = int(alive())
		return v
	}
	v.At, v.TookMS = &c.At, float64(c.Took.Microseconds())/1000
	for _, g := range c.Groups {
		labels := g.Labels
		if labels == nil {
			labels = map[string]string{}
		}
		v.Groups = append(v.Groups, GroupView{g.Count, g.State, o.doing(g), labels, g.Source})
	}
	return v
}

// doing says where goroutines are.
func (o *Observer) doing(g profile.Group) string {
	if words := o.cfg.Rooms[g.Package]; words != "" {
		return "in " + words
	}
	if g.Package != "" {
		return "in " + g.Package
	}
	return "in the Go runtime and its libraries"
}
