package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// Code that has a channel already keeps it: who sends on it waits, as before,
// while nobody asks.
func ExampleFromChan() {
	ticks := make(chan int)
	go func() {
		defer close(ticks)
		for i := range 3 {
			ticks <- i
		}
	}()
	show := func(ctx context.Context, tick int) error {
		fmt.Println("tick", tick)
		return nil
	}

	p := stage.New("clock", stage.Config{})
	clock := stage.NewProducer(p, "ticks", stage.FromChan(ticks), stage.ProducerConfig{})
	face := stage.NewConsumer(p, "face", show, stage.ConsumerConfig[int]{})
	if _, err := face.Subscribe(clock); err != nil {
		log.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil { // until ticks is closed
		log.Fatal(err)
	}
	// Output:
	// tick 0
	// tick 1
	// tick 2
}
