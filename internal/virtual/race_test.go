//go:build race

package virtual_test

import (
	"context"
	"sync"
	"testing"

	"github.com/affluxlab/afflux/internal/virtual"
)

var races = does("races", func(context.Context) {
	var wg sync.WaitGroup
	n := 0
	for range 2 {
		wg.Go(func() { n++ })
	}
	wg.Wait()
})

func TestARaceInTheFunctionIsAnError(t *testing.T) {
	_, err := races.Run(t.Context(), nothing{})
	want(t, err, virtual.ErrDied, "exit status", "DATA RACE")
}
