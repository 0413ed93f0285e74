package stage_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// A source is asked for as many events as its takers want, and is not asked
// again before they want more.
func ExampleSourceFunc() {
	const rows = 6
	next := 0
	table := stage.SourceFunc[int](func(ctx context.Context, dst []int) (int, error) {
		if next == rows {
			return 0, io.EOF
		}
		fmt.Println("SELECT … LIMIT", len(dst))
		n := min(len(dst), rows-next)
		for i := range n {
			next++
			dst[i] = next
		}
		return n, nil
	})
	show := func(ctx context.Context, row int) error {
		fmt.Println("row", row)
		return nil
	}

	p := stage.New("export", stage.Config{})
	source := stage.NewProducer(p, "table", table, stage.ProducerConfig{})
	printer := stage.NewConsumer(p, "printer", show, stage.ConsumerConfig[int]{})
	if _, err := printer.Subscribe(source, stage.Demand(4, 0)); err != nil {
		log.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil { // until the source has ended
		log.Fatal(err)
	}
	// Output:
	// SELECT … LIMIT 4
	// row 1
	// row 2
	// row 3
	// row 4
	// SELECT … LIMIT 4
	// row 5
	// row 6
}
