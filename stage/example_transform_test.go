package stage_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/affluxlab/afflux/stage"
)

// lines is a source of a few lines.
func lines(text ...string) stage.Source[string] {
	return stage.FromSeq(func(yield func(string, error) bool) {
		for _, line := range text {
			if !yield(line, nil) {
				return
			}
		}
	})
}

// Three steps: lines become words, words are gathered, batches are printed.
func ExampleNewTransform() {
	p := stage.New("words", stage.Config{})
	read := stage.NewProducer(p, "read", lines("to be or not", "", "to be"), stage.ProducerConfig{})
	split := stage.NewTransform(p, "split", func(_ context.Context, line string, emit func(string) error) error {
		for _, word := range strings.Fields(line) {
			if err := emit(word); err != nil {
				return err // the stage has to leave: the line returns
			}
		}
		return nil
	}, stage.TransformConfig[string]{})
	four := stage.NewBatcher(p, "four", stage.BatcherConfig[int, string]{Size: 4})
	show := stage.NewConsumer(p, "show", func(_ context.Context, b stage.Batch[int, string]) error {
		fmt.Println(b.Events, b.Reason)
		return nil
	}, stage.ConsumerConfig[stage.Batch[int, string]]{})
	for _, err := range []error{from(split, read), from(four, split), from(show, four)} {
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(p.Run(context.Background()))
	// Output:
	// [to be or not] size
	// [to be] flush
	// <nil>
}

// subscriber is a stage that takes events of one type.
type subscriber[T any] interface {
	Subscribe(o stage.Outlet[T], opts ...stage.SubOption) (*stage.Subscription, error)
}

// from subscribes, where the subscription itself is of no use.
func from[T any](to subscriber[T], o stage.Outlet[T], opts ...stage.SubOption) error {
	_, err := to.Subscribe(o, opts...)
	return err
}

func ExampleNewBroadcast() {
	p := stage.New("ticks", stage.Config{})
	ticks := stage.NewQueue[int](p, "ticks", stage.QueueConfig{})
	all := stage.NewBroadcast[int](p, "all", stage.BroadcastConfig{})
	sum, even := 0, 0
	add := stage.NewConsumer(p, "add", func(_ context.Context, n int) error { sum += n; return nil }, stage.ConsumerConfig[int]{})
	count := stage.NewConsumer(p, "count", func(context.Context, int) error { even++; return nil }, stage.ConsumerConfig[int]{})
	for _, err := range []error{
		from(all, ticks), from(add, all), from(count, all, stage.Where(func(n int) bool { return n%2 == 0 })),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
	for n := range 10 {
		if err := ticks.TryPush(n); err != nil {
			log.Fatal(err)
		}
	}
	ticks.Close()
	fmt.Println(p.Run(context.Background()), sum, even)
	// Output: <nil> 45 5
}

// Each account is handled by one worker at a time, in order, whichever that is.
func ExamplePartition() {
	type order struct {
		account uint64
		amount  int
	}
	p := stage.New("bank", stage.Config{})
	orders := stage.NewQueue[order](p, "orders", stage.QueueConfig{})
	byAccount := stage.Partition(orders, stage.PartitionConfig[order]{Key: func(o order) uint64 { return o.account }})
	balance := make([]int, 3) // no lock: nobody else is at this account meanwhile
	book := stage.NewConsumer(p, "book", func(_ context.Context, o order) error {
		balance[o.account] += o.amount
		return nil
	}, stage.ConsumerConfig[order]{Workers: 8})
	if err := from(book, byAccount); err != nil {
		log.Fatal(err)
	}
	for i := range 300 {
		if err := orders.TryPush(order{uint64(i % 3), i % 3}); err != nil {
			log.Fatal(err)
		}
	}
	orders.Close()
	fmt.Println(p.Run(context.Background()), balance)
	// Output: <nil> [0 100 200]
}

func ExampleStream() {
	p := stage.New("numbers", stage.Config{})
	numbers := stage.NewQueue[int](p, "numbers", stage.QueueConfig{})
	if _, err := numbers.PushAll(context.Background(), []int{1, 2, 3, 4, 5}); err != nil {
		log.Fatal(err)
	}
	for n, err := range stage.Stream(context.Background(), numbers) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
		if n == 2 {
			break
		}
	}
	fmt.Println(numbers.Len(), "are still there")
	// Output:
	// 1
	// 2
	// 3 are still there
}

// Two events are asked for at a time, when it suits.
func ExampleManual() {
	p := stage.New("mail", stage.Config{})
	letters := stage.NewQueue[string](p, "letters", stage.QueueConfig{})
	sent := make(chan string)
	send := stage.NewConsumer(p, "send", func(_ context.Context, l string) error { sent <- l; return nil }, stage.ConsumerConfig[string]{})
	sub, err := send.Subscribe(letters, stage.Manual())
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range []string{"a", "b", "c"} {
		if err := letters.TryPush(l); err != nil {
			log.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- send.Serve(ctx) }()
	if err := sub.Ask(2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-sent, <-sent, letters.Len())
	stop()
	<-ended
	// Output: a b 1
}
