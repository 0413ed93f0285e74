package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// A whole program, as the README of the repository has it.
func Example_program() {
	p := stage.New("mailer", stage.Config{})
	mails := stage.NewQueue[string](p, "mails", stage.QueueConfig{Buffer: 1000})
	send := func(ctx context.Context, to string) error {
		fmt.Println("mail to", to) // what takes its time
		return nil
	}
	sender := stage.NewConsumer(p, "sender", send, stage.ConsumerConfig[string]{Workers: 3})
	if _, err := sender.Subscribe(mails); err != nil {
		log.Fatal(err)
	}

	for _, to := range []string{"ann", "bob", "eve"} { // or an HTTP handler
		if err := mails.TryPush(to); errors.Is(err, stage.ErrFull) {
			log.Print(to, " has to come back later") // a handler answers 503
		}
	}

	mails.Close()
	if err := p.Run(context.Background()); err != nil { // until all is done
		log.Fatal(err)
	}
	// Unordered output:
	// mail to ann
	// mail to bob
	// mail to eve
}
