package bench_test

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
)

// mostMessages bounds what watermill is given: each message that nobody has taken
// yet has two goroutines that wait.
const mostMessages = 30_000

// watermill publishes each event as a message, and acknowledges each.
func watermill(untilAck bool) flow {
	return func(w *stopwatch, n int) error {
		bus := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: room, BlockPublishUntilSubscriberAck: untilAck}, nil)
		defer bus.Close()
		messages, err := bus.Subscribe(context.Background(), "events")
		if err != nil {
			return err
		}
		var t tally
		done := make(chan error, 1)
		w.start()
		go func() { done <- publish(bus, n) }()
		for range n {
			m := <-messages
			t.addOne(event{binary.LittleEndian.Uint64(m.Payload), binary.LittleEndian.Uint64(m.Payload[8:])})
			m.Ack()
		}
		err = <-done
		w.stop()
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		return t.check(n)
	}
}

func publish(bus *gochannel.GoChannel, n int) error {
	for i := range uint64(n) {
		ev := nth(i)
		payload := binary.LittleEndian.AppendUint64(make([]byte, 0, 16), ev.id)
		payload = binary.LittleEndian.AppendUint64(payload, ev.value)
		if err := bus.Publish("events", message.NewMessage("", payload)); err != nil {
			return err
		}
	}
	return nil
}
