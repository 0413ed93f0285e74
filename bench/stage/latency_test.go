package bench_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// latency is the part of the table that is about one event through something idle.
func latency() []section {
	const apart, at = time.Millisecond, 0
	return []section{{"an event through an idle pipeline", slices.Concat(
		hops("1 ms apart", apart, "≤ 5"), hops("back to back", at, "≤ 1"),
	)}}
}

// hops are a channel and a queue, asked in the same way.
func hops(how string, gap time.Duration, aim string) []*trial {
	over := func(who, against, aim string, through carrier) *trial {
		names := []string{"p50", "p99", "and back, p50", "and back, p99"}
		t := &trial{run: func(turn time.Duration) ([]sample, error) { return ping(turn, gap, through) }}
		for _, name := range names {
			r := &row{name: who + ", " + how + ", " + name, unit: "µs"}
			if against != unsaid {
				r.against = against + ", " + how + ", " + name
			}
			t.rows = append(t.rows, r)
		}
		t.rows[0].aim = aim
		return t
	}
	return []*trial{over("channel", unsaid, unsaid, throughChannel), over("stage", "channel", aim, throughQueue)}
}

// carrier brings what is sent to handle, in another goroutine, until it is closed.
type carrier func(handle func(event)) (send func(event) error, close func() error)

func throughChannel(handle func(event)) (func(event) error, func() error) {
	ch, done := make(chan event, 1), make(chan struct{})
	go func() {
		defer close(done)
		for ev := range ch {
			handle(ev)
		}
	}()
	return func(ev event) error { ch <- ev; return nil }, func() error { close(ch); <-done; return nil }
}

func throughQueue(handle func(event)) (func(event) error, func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := stage.New("bench", stage.Config{})
	q := stage.NewQueue[event](p, "queue", stage.QueueConfig{})
	c := stage.NewConsumer(p, "consumer", func(_ context.Context, ev event) error { handle(ev); return nil }, stage.ConsumerConfig[event]{})
	_, err := c.Subscribe(q)
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	err = errors.Join(err, ready(p, 1))
	return func(ev event) error { return errors.Join(err, q.Push(ctx, ev)) },
		func() error { q.Close(); err := <-ran; cancel(); return err }
}

// ping sends one event after the other, each when the one before was handled.
func ping(turn, gap time.Duration, through carrier) ([]sample, error) {
	const most = 1 << 20
	there, back := make([]float64, 0, most), make([]float64, 0, most)
	var t tally
	var arrived time.Time
	answer := make(chan struct{}, 1)
	send, end := through(func(ev event) {
		arrived = time.Now()
		t.addOne(ev)
		answer <- struct{}{}
	})
	for began := time.Now(); time.Since(began) < turn && len(there) < most; time.Sleep(gap) {
		before := time.Now()
		if err := send(nth(uint64(len(there)))); err != nil {
			return nil, err
		}
		<-answer
		after := time.Now()
		there, back = append(there, us(arrived.Sub(before))), append(back, us(after.Sub(before)))
	}
	if err := end(); err != nil {
		return nil, err
	}
	slices.Sort(there)
	slices.Sort(back)
	at := func(all []float64, percent int) sample { return value(all[len(all)*percent/100]) }
	return []sample{at(there, 50), at(there, 99), at(back, 50), at(back, 99)}, t.check(len(there))
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
