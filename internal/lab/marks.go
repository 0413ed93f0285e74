package lab

import (
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/supervise"
)

// What marks are about.
const (
	markSettings = "settings"
	markReset    = "reset"
	markCrash    = "crash"
	markRestart  = "restart"
	markLoad     = "load"
	markDrops    = "drops"
)

// keptMarks is how many are remembered.
const keptMarks = 1000

// mark notes that something happened now, for every chart to show. Its time is the
// recorder's, as that of all else on a chart.
func (l *Lab) mark(kind, text string) { l.markAt(l.recorder.Now(), kind, text) }

func (l *Lab) markAt(at time.Time, kind, text string) {
	l.marks.Add(telemetry.Mark{At: at, Kind: kind, Text: text})
}

// tell writes what happens in the tree into the log, and marks what a chart
// should show.
func (l *Lab) tell(e supervise.Event) {
	l.observer.Tell(e)
	switch e := e.(type) {
	case supervise.Ended:
		if e.Failed {
			l.log.Error(e.String())
			l.mark(markCrash, e.Child+" crashed")
			return
		}
	case supervise.Restarting:
		l.log.Warn(e.String())
		l.mark(markRestart, e.Child+" restarted")
		return
	case supervise.Stuck, supervise.GaveUp:
		l.log.Warn(e.String())
		return
	}
	l.log.Debug(e.String())
}
