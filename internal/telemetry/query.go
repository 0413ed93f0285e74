package telemetry

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Query asks for the history of series.
type Query struct {
	Names []string  // empty: all
	Since time.Time // on the clock of [Recorder.Now]; zero: as far back as there is something
	// Step is the width of a bucket: a multiple of 20 ms, and of whole seconds
	// further back than 10 minutes. 0: chosen so that there are at most 1,000.
	Step time.Duration
}

// QueryError is what is wrong with a query.
type QueryError struct {
	Field  string // "name", "since" or "step"
	Detail string // for people
}

func (e *QueryError) Error() string { return e.Field + ": " + e.Detail }

const (
	chosenPoints = 1000   // at most, where Step is left open
	mostPoints   = 36_000 // at most, where it is given: ten hours of seconds
	// onTheWay is what a query may take to arrive: that long after it was thought
	// of, ten minutes back are a little more.
	onTheWay = time.Second
)

// chosenSteps are what is chosen from. A day in steps of the last is 720 points.
var chosenSteps = []time.Duration{
	Step, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
}

// plan is a query that can be answered.
type plan struct {
	series []int // in the order that was asked for
	from   int64 // the begin of the first bucket, nanoseconds since the Unix epoch
	step   int64
}

// coarse says that the seconds answer, and not the samples.
func (p plan) coarse() bool { return p.step%int64(second) == 0 }

// plan makes a plan of q, or returns a *QueryError. The present is now, and the
// oldest that is kept is at oldest, or there is nothing and it is now.
func (r *Recorder) plan(q Query, now, oldest int64) (plan, error) {
	series, err := r.pick(q.Names)
	if err != nil {
		return plan{}, err
	}
	since, step, err := reach(q, now, oldest)
	if err != nil {
		return plan{}, err
	}
	return plan{series: series, from: since - since%step, step: step}, nil
}

// pick finds the series of those names, each once.
func (r *Recorder) pick(names []string) ([]int, error) {
	if len(names) == 0 {
		return r.all, nil
	}
	var picked []int
	for _, name := range names {
		i, ok := r.index[name]
		if !ok {
			return nil, &QueryError{"name", fmt.Sprintf("there is no series %q; there are %s", name, strings.Join(r.names, ", "))}
		}
		if !slices.Contains(picked, i) {
			picked = append(picked, i)
		}
	}
	return picked, nil
}

// reach is how far back a query goes, and in which steps.
func reach(q Query, now, oldest int64) (since, step int64, err error) {
	since = oldest
	if q.Step == 0 {
		if !q.Since.IsZero() {
			since = max(since, unixNano(q.Since))
		}
		return since, int64(chooseStep(time.Duration(now - since))), nil
	}
	if q.Step < 0 || q.Step%Step != 0 {
		return 0, 0, &QueryError{"step", fmt.Sprintf("%s is no multiple of %s", q.Step, Step)}
	}
	switch {
	case !q.Since.IsZero():
		// As asked and not as there is, so that a query does not begin to fail as
		// the process gets older.
		since = max(now-int64(coarseFor), unixNano(q.Since))
	case q.Step%second != 0:
		return since, int64(q.Step), nil // all samples there are, which are few enough
	}
	return since, int64(q.Step), checkReach(time.Duration(now-since)-onTheWay, q.Step)
}

// checkReach says whether so much can be answered in such steps.
func checkReach(back, step time.Duration) error {
	if step%second != 0 && back > fineFor {
		return &QueryError{"step", fmt.Sprintf("further back than %s there are whole seconds only, so %s is too fine or uneven", fineFor, step)}
	}
	if back/step > mostPoints {
		return &QueryError{"step", fmt.Sprintf("%s makes more than %d points", step, mostPoints)}
	}
	return nil
}

// chooseStep is the finest of the steps that there are that far back, and that
// make few enough points of it. The first and the last bucket are seldom whole.
func chooseStep(back time.Duration) time.Duration {
	for _, step := range chosenSteps {
		if back/step+2 <= chosenPoints && (step%second == 0 || back <= fineFor) {
			return step
		}
	}
	return chosenSteps[len(chosenSteps)-1]
}

// unixNano is t.UnixNano, but for times that do not fit, which are long ago or
// long to come.
func unixNano(t time.Time) int64 {
	const century = 100 * 365 * 24 * 3600
	return min(max(t.Unix(), 0), 2*century)*int64(time.Second) + int64(t.Nanosecond())
}
