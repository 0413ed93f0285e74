package stage_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"strconv"

	"github.com/affluxlab/afflux/stage"
)

// A slice handler names those of its events that failed; the others are done.
func ExampleSliceError() {
	sum := 0
	add := func(ctx context.Context, words []string) error {
		failed := map[int]error{}
		for i, word := range words {
			n, err := strconv.Atoi(word)
			if err != nil {
				failed[i] = err
				continue
			}
			sum += n
		}
		if len(failed) > 0 {
			return &stage.SliceError{Failed: failed}
		}
		return nil
	}
	report := func(f stage.Failure[string]) stage.Verdict {
		fmt.Println(f.Err)
		return stage.Verdict{Action: stage.Drop}
	}

	p := stage.New("sums", stage.Config{Logger: slog.New(slog.DiscardHandler)})
	words := stage.NewQueue[string](p, "words", stage.QueueConfig{})
	adder := stage.NewSliceConsumer(p, "adder", add, stage.ConsumerConfig[string]{OnError: report})
	if _, err := adder.Subscribe(words); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := words.PushAll(ctx, []string{"1", "2", "three", "4"}); err != nil {
		log.Fatal(err)
	}
	words.Close()
	if err := p.Run(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("sum:", sum)
	// Output:
	// strconv.Atoi: parsing "three": invalid syntax
	// sum: 7
}
