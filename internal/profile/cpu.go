package profile

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/google/pprof/profile"
)

// ErrBusy is returned while another CPU profile, or another trace, is taken: a
// process can take one at a time.
var ErrBusy = errors.New("another profile is being taken")

// CPU is who used the processor in a stretch of time.
type CPU struct {
	At     time.Time     // its end
	Over   time.Duration // its length
	Used   time.Duration // by all together, as far as it was seen
	Shares []Share       // the largest first
}

// Share is what goroutines with the same labels used. Samples are taken a hundred
// times for each second of processor time, so a share of a few samples is a guess.
type Share struct {
	Labels  map[string]string // nil: goroutines without any, and the runtime's own work
	Used    time.Duration
	Samples int
}

// profiling is held by the one CPU profile that a process can take.
var profiling sync.Mutex

// TakeCPU profiles the processor for d, or until ctx ends, and returns who used
// it. The profile itself is written to raw, for go tool pprof, unless raw is nil. It
// costs about one percent of what the program does meanwhile. The error is
// [ErrBusy], the cause of ctx, or that of raw.
func TakeCPU(ctx context.Context, d time.Duration, raw io.Writer) (CPU, error) {
	if !profiling.TryLock() {
		return CPU{}, ErrBusy
	}
	defer profiling.Unlock()
	var text bytes.Buffer
	if err := pprof.StartCPUProfile(&text); err != nil {
		return CPU{}, fmt.Errorf("%w: %w", ErrBusy, err) // another package has begun one
	}
	began := time.Now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	over := time.Since(began)
	pprof.StopCPUProfile()
	if ctx.Err() != nil {
		return CPU{}, context.Cause(ctx)
	}
	c, err := readCPU(text.Bytes())
	if err != nil {
		return CPU{}, err
	}
	c.At, c.Over = began.Add(over), over
	if raw != nil {
		if _, err := raw.Write(text.Bytes()); err != nil {
			return c, err
		}
	}
	return c, nil
}

func readCPU(text []byte) (CPU, error) {
	p, err := profile.ParseData(text)
	if err != nil {
		return CPU{}, fmt.Errorf("read a CPU profile: %w", err)
	}
	shares := map[string]*Share{}
	var c CPU
	for _, s := range p.Sample {
		labels := labelsOf(s)
		key := fmt.Sprint(labels)
		if shares[key] == nil {
			shares[key] = &Share{Labels: labels}
		}
		shares[key].Samples += int(s.Value[0])
		shares[key].Used += time.Duration(s.Value[1])
		c.Used += time.Duration(s.Value[1])
	}
	for _, key := range slices.Sorted(maps.Keys(shares)) {
		c.Shares = append(c.Shares, *shares[key])
	}
	slices.SortStableFunc(c.Shares, func(a, b Share) int { return cmp.Compare(b.Used, a.Used) })
	return c, nil
}
