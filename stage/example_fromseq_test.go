package stage_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"strings"

	"github.com/affluxlab/afflux/stage"
)

// readLines goes through r line by line. What it reports at its end is tried again,
// so it reports an error once.
func readLines(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s := bufio.NewScanner(r)
		for s.Scan() {
			if !yield(s.Text(), nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield("", err)
		}
	}
}

// A sequence is read as its takers ask, never ahead: a file of any length fits.
func ExampleFromSeq() {
	file := strings.NewReader("to be\nor not\nto be\n")
	words := 0
	count := func(ctx context.Context, line string) error {
		words += len(strings.Fields(line))
		return nil
	}

	p := stage.New("wc", stage.Config{})
	text := stage.NewProducer(p, "text", stage.FromSeq(readLines(file)), stage.ProducerConfig{})
	counter := stage.NewConsumer(p, "counter", count, stage.ConsumerConfig[string]{})
	if _, err := counter.Subscribe(text); err != nil {
		log.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(words, "words")
	// Output: 6 words
}
