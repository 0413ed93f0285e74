package stage_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/affluxlab/afflux/stage"
)

// Two steps: the handler of the first pushes into the queue of the second, which
// closes when the first has ended.
func ExampleQueueConfig_fedBy() {
	p := stage.New("library", stage.Config{})
	lines := stage.NewQueue[string](p, "lines", stage.QueueConfig{})
	var words *stage.Queue[string]
	split := stage.NewConsumer(p, "split", func(ctx context.Context, line string) error {
		_, err := words.PushAll(ctx, strings.Fields(line)) // waits while there is no room
		return err
	}, stage.ConsumerConfig[string]{})
	words = stage.NewQueue[string](p, "words", stage.QueueConfig{Buffer: 2, FedBy: []stage.Stage{split}})
	show := stage.NewConsumer(p, "show", func(_ context.Context, word string) error {
		fmt.Println(word)
		return nil
	}, stage.ConsumerConfig[string]{})

	if _, err := split.Subscribe(lines); err != nil {
		fmt.Println(err)
	}
	if _, err := show.Subscribe(words); err != nil {
		fmt.Println(err)
	}
	for _, line := range []string{"so much", "depends upon"} {
		if err := lines.TryPush(line); err != nil {
			fmt.Println(err)
		}
	}
	lines.Close() // ends split, which ends words, which ends show
	fmt.Println("ended:", p.Run(context.Background()))
	// Output:
	// so
	// much
	// depends
	// upon
	// ended: <nil>
}
