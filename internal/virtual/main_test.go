package virtual_test

import (
	"context"
	"os"
	"testing"

	"github.com/affluxlab/afflux/internal/virtual"
	"go.uber.org/goleak"
)

// parentOf makes this binary a parent that a test can kill: the value is what its
// child gets.
const parentOf = "VIRTUAL_TEST_PARENT_OF"

func TestMain(m *testing.M) {
	virtual.Main()
	if path := os.Getenv(parentOf); path != "" {
		hang.Run(context.Background(), path)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
