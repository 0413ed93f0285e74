package stage_test

import (
	"errors"
	"fmt"

	"github.com/affluxlab/afflux/stage"
)

// TryPush never waits. Whoever pushes decides what a full queue means to it.
func ExampleQueue_TryPush() {
	p := stage.New("shop", stage.Config{})
	orders := stage.NewQueue[string](p, "orders", stage.QueueConfig{Buffer: 2})

	for _, order := range []string{"tea", "milk", "honey"} {
		if err := orders.TryPush(order); errors.Is(err, stage.ErrFull) {
			fmt.Println(order, "has to wait:", err)
			continue
		}
		fmt.Println(order, "is accepted")
	}
	fmt.Println(orders.Len(), "wait")
	// Output:
	// tea is accepted
	// milk is accepted
	// honey has to wait: stage: queue is full
	// 2 wait
}
