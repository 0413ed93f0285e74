package stage_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// A sealed queue refuses for now; what it has accepted goes on. Close is for good.
func ExampleQueue_Seal() {
	p := stage.New("bank", stage.Config{})
	customers := stage.NewQueue[string](p, "customers", stage.QueueConfig{})

	customers.Seal()
	err := customers.TryPush("ann")
	fmt.Println(err, errors.Is(err, stage.ErrSealed))

	customers.Unseal()
	if err := customers.TryPush("ann"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(customers.Len(), "waits")

	customers.Close()
	fmt.Println(customers.TryPush("bob"))
	// Output:
	// stage: queue is sealed true
	// 1 waits
	// stage: queue is closed
}
