package main

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/affluxlab/afflux/stage"
)

// spans is a Config.Observe that makes two spans of each call of a handler: one from
// the acceptance of its (first) event to the end of the call, with the name of the
// outlet, and in it one of the call alone, with the name of the stage.
//
// They are made when the call has returned. So a handler that makes spans of its own
// cannot put them below these: it needs a trace that travels in the event.
func spans(tracer trace.Tracer) func(stage.Handled) {
	return func(h stage.Handled) {
		begin := h.Accepted.Add(h.BufferWait + h.InboxWait)
		end := begin.Add(h.Service)

		ctx, way := tracer.Start(context.Background(), h.Outlet, trace.WithTimestamp(h.Accepted), trace.WithAttributes(
			attribute.Int64("seq", int64(h.Seq)), attribute.Int("attempt", h.Attempt),
			attribute.Int64("buffer_wait_us", h.BufferWait.Microseconds()),
			attribute.Int64("inbox_wait_us", h.InboxWait.Microseconds()),
		))
		_, call := tracer.Start(ctx, h.Stage, trace.WithTimestamp(begin), trace.WithAttributes(
			attribute.Int("events", h.Events), attribute.Int("done", h.Done), attribute.Int("failed", h.Failed),
			attribute.Int("retried", h.Retried), attribute.Int("returned", h.Returned),
		))
		if h.Err != nil {
			call.SetStatus(codes.Error, h.Err.Error())
		}
		call.End(trace.WithTimestamp(end))
		way.End(trace.WithTimestamp(end))
	}
}
