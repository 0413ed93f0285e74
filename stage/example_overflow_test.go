package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// A queue of readings keeps the newest. It is not made without somebody who hears
// of what it dropped.
func ExampleOverflowMode() {
	dropped := 0
	p := stage.New("weather", stage.Config{})
	readings := stage.NewQueue[int](p, "readings", stage.QueueConfig{
		Buffer:   3,
		Overflow: stage.DropOldest,
		OnDrop:   func(n int) { dropped += n }, // in the goroutine that pushes
	})
	show := func(ctx context.Context, degrees int) error {
		fmt.Println(degrees, "°C")
		return nil
	}
	display := stage.NewConsumer(p, "display", show, stage.ConsumerConfig[int]{})
	if _, err := display.Subscribe(readings); err != nil {
		log.Fatal(err)
	}

	for degrees := range 5 {
		if err := readings.TryPush(degrees); err != nil { // not ErrFull
			log.Fatal(err)
		}
	}
	fmt.Println(dropped, "dropped")
	readings.Close()
	if err := p.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 dropped
	// 2 °C
	// 3 °C
	// 4 °C
}
