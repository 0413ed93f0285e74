package stage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/affluxlab/afflux/stage"
)

// Handlers put work into a queue, three workers do it, and who comes while the
// queue is full is told so.
func Example() {
	send := func(ctx context.Context, to string) error { return nil } // what takes its time

	p := stage.New("mailer", stage.Config{})
	mails := stage.NewQueue[string](p, "mails", stage.QueueConfig{Buffer: 1000})
	sender := stage.NewConsumer(p, "sender", send, stage.ConsumerConfig[string]{Workers: 3})
	if _, err := sender.Subscribe(mails); err != nil {
		log.Fatal(err)
	}

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch err := mails.TryPush(r.FormValue("to")); {
		case err == nil:
			w.WriteHeader(http.StatusAccepted)
		case errors.Is(err, stage.ErrFull):
			w.Header().Set("Retry-After", "1")
			http.Error(w, "come back later", http.StatusServiceUnavailable)
		default: // closed: the program is about to end
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})

	ctx, stop := context.WithCancel(context.Background()) // or signal.NotifyContext
	go func() {
		defer stop() // the example is over
		for _, to := range []string{"ann", "bob", "eve"} {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest("POST", "/?to="+to, nil))
			fmt.Println(to, answer.Code)
		}
	}()
	if err := p.Run(ctx); err != nil { // until ctx ends and what was accepted is done
		log.Fatal(err)
	}
	fmt.Println("sent:", p.Snapshot().Outlets[0].Done)
	// Output:
	// ann 202
	// bob 202
	// eve 202
	// sent: 3
}
