package lab

import (
	"time"

	"github.com/affluxlab/afflux/internal/live"
)

// feed joins what is recorded to the stream. Each feed remembers how far it has
// told; the stream calls it from one goroutine.
func (l *Lab) feed() {
	var sample, mark uint64
	l.site.Tell(live.Feed{Event: "sample", Every: 50 * time.Millisecond, Read: func() []any {
		frame, newest := l.recorder.After(sample)
		if newest == sample {
			return nil
		}
		sample = newest
		return []any{frame}
	}})
	l.site.Tell(live.Feed{Event: "event", Every: 50 * time.Millisecond, Read: func() []any {
		var told []any
		if done := l.part1.Take(); len(done) > 0 {
			told = append(told, done)
		}
		if done := l.part2.Take(); len(done) > 0 {
			told = append(told, done)
		}
		return told
	}})
	l.site.Tell(live.Feed{Event: "mark", Every: 50 * time.Millisecond, Read: func() []any {
		marks, newest := l.marks.After(mark)
		mark = newest
		var told []any
		for _, m := range marks {
			told = append(told, m)
		}
		return told
	}})
}
