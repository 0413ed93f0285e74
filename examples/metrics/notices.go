package main

import (
	"context"
	"log/slog"

	"github.com/affluxlab/afflux/stage"
)

// logNotices is a Config.Hook that logs what happens. A failed event that is tried
// again is nothing to be woken for, and there may be many: it is for debugging.
func logNotices(log *slog.Logger) func(stage.Notice) {
	return func(n stage.Notice) {
		level, attrs := slog.LevelInfo, []slog.Attr(nil)
		switch n := n.(type) {
		case stage.EventFailed:
			if level = slog.LevelWarn; n.Action == stage.Retry {
				level = slog.LevelDebug
			}
			attrs = []slog.Attr{
				slog.String("stage", n.Stage), slog.String("outlet", n.Outlet), slog.Uint64("seq", n.Seq),
				slog.Int("attempt", n.Attempt), slog.Any("err", n.Err),
			}
		case stage.EventsDropped:
			level, attrs = slog.LevelWarn, []slog.Attr{slog.String("outlet", n.Outlet), slog.Int("n", n.N)}
		case stage.SourceFailed:
			level, attrs = slog.LevelWarn, []slog.Attr{slog.String("stage", n.Stage), slog.Any("err", n.Err)}
		case stage.StageEnded:
			if n.State == stage.StateFailed {
				level = slog.LevelError
			}
			attrs = []slog.Attr{slog.String("stage", n.Stage)}
		}
		log.LogAttrs(context.Background(), level, n.String(), attrs...)
	}
}
