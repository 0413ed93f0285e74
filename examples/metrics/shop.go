package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/affluxlab/afflux/stage"
)

// order is what goes through the pipeline.
type order struct {
	id, items int
}

type shop struct {
	pipeline *stage.Pipeline
	orders   *stage.Queue[order]
	ship     func(order) error
}

var (
	errEmpty = errors.New("nothing was ordered")
	errVan   = errors.New("the van is full")
)

func newShop(log *slog.Logger, tracer trace.Tracer) (*shop, error) {
	p := stage.New("shop", stage.Config{
		Grace: 2 * time.Second, Logger: log, Hook: logNotices(log), Observe: spans(tracer),
	})
	s := &shop{pipeline: p, ship: fullOfTen}
	s.orders = stage.NewQueue[order](p, "orders", stage.QueueConfig{Buffer: 100})
	check := stage.NewTransform(p, "check", check, stage.TransformConfig[order]{
		OnError: func(stage.Failure[order]) stage.Verdict { return stage.Verdict{} },
	})
	ship := stage.NewConsumer(p, "ship", s.shipOne, stage.ConsumerConfig[order]{
		Workers: 2,
		OnError: func(stage.Failure[order]) stage.Verdict { return stage.RetryAfter(10 * time.Millisecond) },
	})
	if _, err := check.Subscribe(s.orders); err != nil {
		return nil, err
	}
	_, err := ship.Subscribe(check, stage.Demand(4, 2))
	return s, errors.Join(err, p.Err())
}

func check(_ context.Context, o order, emit func(order) error) error {
	if o.items == 0 {
		return errEmpty // counted as failed
	}
	return emit(o)
}

func (s *shop) shipOne(_ context.Context, o order) error { return s.ship(o) }

func fullOfTen(order) error {
	time.Sleep(time.Millisecond)
	if rand.N(10) == 0 {
		return errVan
	}
	return nil
}

// open takes orders until ctx ends.
func (s *shop) open(ctx context.Context, pause time.Duration) {
	for id := 0; ctx.Err() == nil; id++ {
		if err := s.orders.TryPush(order{id: id, items: rand.N(20)}); errors.Is(err, stage.ErrClosed) {
			return
		} // if it is full the order is refused, and counted as rejected
		time.Sleep(pause)
	}
}
