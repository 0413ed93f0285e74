package stage_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/affluxlab/afflux/stage"
)

// PushAll waits for room, and says how far it came when it may not wait longer.
func ExampleQueue_PushAll() {
	p := stage.New("import", stage.Config{})
	rows := stage.NewQueue[int](p, "rows", stage.QueueConfig{Buffer: 3})

	ctx, hangUp := context.WithCancelCause(context.Background())
	hangUp(errors.New("client hung up"))

	batch := []int{1, 2, 3, 4, 5}
	n, err := rows.PushAll(ctx, batch)
	fmt.Println("accepted:", batch[:n])
	fmt.Println("not accepted:", batch[n:], err)
	// Output:
	// accepted: [1 2 3]
	// not accepted: [4 5] client hung up
}
