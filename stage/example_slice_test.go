package stage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/affluxlab/afflux/stage"
)

// A slice consumer is for what is cheaper in bulk. With Demand(6, 3) it is given
// three events at a time; without, as many as it handles within a millisecond.
func ExampleNewSliceConsumer() {
	insert := func(ctx context.Context, rows []string) error { // may not keep rows
		fmt.Println("INSERT", rows)
		return nil
	}

	p := stage.New("import", stage.Config{})
	rows := stage.NewQueue[string](p, "rows", stage.QueueConfig{})
	table := stage.NewSliceConsumer(p, "table", insert, stage.ConsumerConfig[string]{})
	if _, err := table.Subscribe(rows, stage.Demand(6, 3)); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := rows.PushAll(ctx, []string{"a", "b", "c", "d", "e", "f", "g"}); err != nil {
		log.Fatal(err)
	}
	rows.Close()
	if err := p.Run(ctx); err != nil { // until rows is empty
		log.Fatal(err)
	}
	// Output:
	// INSERT [a b c]
	// INSERT [d e f]
	// INSERT [g]
}
