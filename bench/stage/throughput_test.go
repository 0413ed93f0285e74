package bench_test

import (
	"time"

	"github.com/affluxlab/afflux/stage"
)

// throughput is the part of the table that is about events per second.
func throughput() []section {
	const (
		slices  = "channel of fresh slices of 1000"
		slices3 = "channel of fresh slices of 1000, 3 consumers"
		plain   = "channel"
		eight   = "channel, 8 pushers"
		many    = "channel, 64 pushers"
		hundred = "channel of fresh slices of 100, 8 pushers"
		tasks   = "goroutine for each event behind a semaphore of 50"
	)
	prefetch := []stage.SubOption{stage.Demand(1000, 500)}
	lazy := []stage.SubOption{stage.Lazy(1000, time.Millisecond)}
	one, three := taking{by: lazy}, taking{consumers: 3, by: lazy}
	return []section{
		{"slices, events per second", []*trial{
			rate(slices, unsaid, unsaid, freshSlices(sliceLen, 1, 1)),
			rate("stage: producer, 1 consumer, lazy", slices, "≥ 300", produced(one, 0, nil)),
			rate("stage: producer, 1 consumer, lazy, room for 10,000", slices, unsaid, produced(one, 10_000, nil)),
			rate("stage: producer, 1 consumer, Demand(1000, 500)", slices, "≥ 100", produced(taking{by: prefetch}, 0, nil)),
			rate("channel of recycled slices of 1000", slices, unsaid, recycledSlices(sliceLen, 1, 1)),
			rate(slices3, unsaid, unsaid, freshSlices(sliceLen, 1, 3)),
			rate("stage: producer, 3 consumers, lazy", slices3, "≥ 300", produced(three, 0, nil)),
			rate("stage: producer, 3 consumers, lazy, room for 10,000", slices3, unsaid, produced(three, 10_000, nil)),
			rate("stage: producer, 3 consumers, Demand(1000, 500)", slices3, unsaid, produced(taking{consumers: 3, by: prefetch}, 0, nil)),
			rate("channel of recycled slices of 1000, 3 consumers", slices3, unsaid, recycledSlices(sliceLen, 1, 3)),
		}},
		{"single events, events per second", []*trial{
			rate(plain, unsaid, unsaid, channel(room, 1)),
			rate("channel with select", plain, unsaid, selecting(room, 1)),
			rate("channel without room", plain, unsaid, channel(0, 1)),
			rate("stage: producer, single-event handler, lazy", plain, unsaid, produced(taking{single: true}, 0, nil)),
			rate("stage: producer, single-event handler, Demand(1000, 500)", plain, unsaid, produced(taking{single: true, by: prefetch}, 0, nil)),
			few("watermill gochannel", plain, watermill(false)),
			few("watermill gochannel, Publish waits for the ack", plain, watermill(true)),
			rate(tasks, unsaid, unsaid, semaphore(50)),
			rate("stage: spawner, Max 50", tasks, unsaid, produced(taking{spawner: 50}, 0, nil)),
		}},
		{"pushed from many goroutines, events per second", []*trial{
			rate(eight, unsaid, unsaid, channel(room, 8)),
			rate("channel with select, 8 pushers", eight, unsaid, selecting(room, 8)),
			rate("stage: Push, 8 pushers", eight, "≥ 20", pushed(8, 0, pushEach, one)),
			rate("stage: Push, 8 pushers, room for 100,000", eight, unsaid, pushed(8, 100_000, pushEach, one)),
			rate("stage: TryPush, 8 pushers", eight, "≥ 20", pushed(8, 0, tryEach, one)),
			rate("stage: TryPush, 8 pushers, room for 100,000", eight, unsaid, pushed(8, 100_000, tryEach, one)),
			rate(many, unsaid, unsaid, channel(room, 64)),
			rate("channel with select, 64 pushers", many, unsaid, selecting(room, 64)),
			rate("stage: Push, 64 pushers", many, "≥ 20", pushed(64, 0, pushEach, one)),
			rate("stage: TryPush, 64 pushers", many, "≥ 20", pushed(64, 0, tryEach, one)),
			rate(hundred, unsaid, unsaid, freshSlices(100, 8, 1)),
			rate("stage: PushAll of 100, 8 pushers", hundred, unsaid, pushed(8, 0, pushAll(100), one)),
			rate("stage: PushAll of 100, 8 pushers, room for 100,000", hundred, unsaid, pushed(8, 100_000, pushAll(100), one)),
		}},
	}
}

// few is a rate of a flow that is given no more than mostMessages.
func few(name, against string, f flow) *trial {
	return paced(&row{name: name, unit: "M/s", against: against}, mostMessages, f,
		func(n int, took time.Duration) float64 { return float64(n) / took.Seconds() / 1e6 })
}
