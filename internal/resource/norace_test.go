//go:build !race

package resource_test

import (
	"testing"

	"github.com/affluxlab/afflux/internal/resource"
)

// admissions of the storm; the race detector's own run makes fewer.
const admissions = 10_000_000

func TestAUseWithoutLatencyAllocatesNothing(t *testing.T) {
	m := open(t, func(s *resource.Settings) { s.Latency = 0 })
	c, ctx := m.Caller("a"), t.Context()
	if n := testing.AllocsPerRun(1000, func() { c.Use(ctx) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
