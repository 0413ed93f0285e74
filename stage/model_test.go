package stage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// item is an event with an identity, so that its whole way can be followed. It is
// bulky, so that few fit into a chunk and chunks are used again.
type item struct {
	id int
	_  [1016]byte
}

// record is what the model knows about one item.
type record struct {
	from    *outletModel
	uses    int    // calls of a handler
	spent   int    // of these, the ones that counted as an attempt
	inHand  bool   // in a handler now
	done    int    // handlers' nil returns
	failed  int    // final verdicts
	how     string // it failed, and where
	bury    bool   // the verdict was to put it into dead letters that somebody takes
	unsure  bool   // unless those had ended with their stage, which was served again
	buried  int    // times that it came out of these
	refused bool
	known   bool // the push has answered that it was accepted
}

func (r *record) settled() bool { return r.done+r.failed > 0 }

// tally are the counts of one outlet, as the model or as a snapshot has them.
type tally struct{ accepted, done, failed, dropped, rejected int }

// outletModel is one queue or producer, with the model's own counts.
type outletModel struct {
	name    string
	outlet  stage.Outlet[item]
	queue   *stage.Queue[item] // nil for a producer
	control interface {
		Pause()
		Resume()
		Rebalance()
	}
	tally
	maybe    int   // pushes of which nobody knows whether they were accepted
	pushing  int   // pushers that wait
	drops    bool  // it was ever set to drop
	before   tally // what was counted before the last Reset
	source   *source
	inFetch  bool
	finished bool // the source has said io.EOF
}

// stageModel is one consumer, spawner or producer.
type stageModel struct {
	name    string
	taker   taker // nil for a producer
	serve   func(context.Context) error
	spawner *stage.Spawner[item]
	subs    []*stage.Subscription
	dead    bool // somebody takes its dead letters
	buries  bool // it takes the dead letters of another
	ended   chan struct{}

	busy    int // handlers that run
	most    int // of these that may run, by any limit since the last rest, or did then
	refill  int // the largest that was ever set
	touched bool
	ending  bool // it was told to leave, or has said Stop
	killed  bool
	stopped bool // a verdict was Stop
	left    bool
	serving bool
	cancel  context.CancelCauseFunc
}

// taker is what consumers and spawners share.
type taker interface {
	Name() string
	Serve(context.Context) error
	Subscribe(stage.Outlet[item], ...stage.SubOption) (*stage.Subscription, error)
	Resize(int) error
	Leave()
	DeadLetters() stage.Outlet[stage.Failure[item]]
}

// model is one random pipeline and all that is known about it.
type model struct {
	seed uint64
	calm bool // one worker, no failures: order is kept
	pipe *stage.Pipeline

	mu       sync.Mutex // guards all below and in the parts
	records  []*record
	outlets  []*outletModel
	stages   []*stageModel
	lastID   int // in calm: of the item handed out last
	stops    int // Stop verdicts that may still be given
	draining bool
	hurried  bool // a drain with a deadline was begun
	closing  bool // all outlets are about to end
	log      []string
	faults   []string
}

func (m *model) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, fmt.Sprintf("%v ", time.Since(epochOfBubbles))+fmt.Sprintf(format, args...))
}

// epochOfBubbles is when every synctest bubble begins.
var epochOfBubbles = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// fault is said at once, since a bubble that hangs takes the test's log with it.
func (m *model) fault(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faultLocked(format, args...)
}

func (m *model) faultLocked(format string, args ...any) {
	if len(m.faults) == 0 {
		fmt.Fprintf(os.Stderr, "seed %d: %s\n\t%s\n", m.seed, fmt.Sprintf(format, args...), strings.Join(m.log, "\n\t"))
	}
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

func (m *model) faulty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.faults) > 0
}

// items makes n new ones.
func (m *model) items(from *outletModel, n int) []item {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.itemsLocked(from, n)
}

func (m *model) itemsLocked(from *outletModel, n int) []item {
	made := make([]item, n)
	for i := range made {
		m.records = append(m.records, &record{from: from})
		made[i].id = len(m.records)
	}
	return made
}

// pushed notes the answer to a push of which n were accepted.
func (m *model) pushed(evs []item, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, ev := range evs {
		r := m.records[ev.id-1]
		r.known, r.refused = i < n, i >= n
		if r.known {
			r.from.accepted++
		} else {
			r.from.rejected++
		}
	}
}

// chance is a generator of what happens to an item at one of its uses: the same
// whoever handles it, and whenever.
func (m *model) chance(id, use int, why uint64) *rand.Rand {
	return rand.New(rand.NewPCG(m.seed^why<<40, uint64(id)<<16|uint64(use)))
}

// conduct is how a handler's call goes.
type conduct struct {
	takes  time.Duration
	heeds  bool // it ends with its context
	ending string
}

func (m *model) conduct(id, use int) conduct {
	r := m.chance(id, use, 1)
	c := conduct{takes: randomTime(r), heeds: r.IntN(2) == 0, ending: "nil"}
	if m.calm {
		return c
	}
	switch r.IntN(12) {
	case 0, 1, 2:
		c.ending = "error"
	case 3:
		c.ending = "panic"
	case 4:
		c.ending = "goexit"
	}
	return c
}

func randomTime(r *rand.Rand) time.Duration {
	switch r.IntN(4) {
	case 0:
		return 0
	case 1:
		return time.Duration(r.IntN(2000)) * time.Microsecond
	default:
		return time.Duration(r.IntN(1500)) * time.Millisecond
	}
}

// begin notes that a handler was given evs.
func (m *model) begin(s *stageModel, evs []item) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.busy++
	for _, ev := range evs {
		if ev.id < 1 || ev.id > len(m.records) {
			m.faultLocked("%s was given item %d, which nobody made", s.name, ev.id)
			continue
		}
		r := m.records[ev.id-1]
		if r.inHand {
			m.faultLocked("item %d is in two hands", ev.id)
		}
		if r.settled() {
			m.faultLocked("item %d is used by %s after its final outcome (%d done, %d failed %s)", ev.id, s.name, r.done, r.failed, r.how)
		}
		if m.calm && !m.hurried && ev.id <= m.lastID {
			m.faultLocked("item %d is handed out after item %d", ev.id, m.lastID)
		}
		m.lastID = ev.id
		r.inHand = true
		r.uses++
	}
}

// end notes that the handler is about to return, and which of evs are done.
func (m *model) end(s *stageModel, evs []item, done func(item) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.busy--
	for _, ev := range evs {
		r := m.records[ev.id-1]
		r.inHand = false
		if done(ev) {
			r.done++
			r.from.done++
		}
	}
}

// policy decides about a failure, and notes what it decided.
func (m *model) policy(s *stageModel, f stage.Failure[item]) stage.Verdict {
	v, panics := m.decide(s, f)
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.records[f.Event.id-1]
	if f.Tries != r.uses || f.Attempt != r.spent+1 {
		m.faultLocked("item %d: Tries %d and Attempt %d, want %d and %d", f.Event.id, f.Tries, f.Attempt, r.uses, r.spent+1)
	}
	switch {
	case panics:
		r.failed++
		r.from.failed++
		r.how = s.name + ": the policy panicked"
		panic("policy")
	case v.Action == stage.Drop, v.Action == stage.DeadLetter:
		r.failed++
		r.from.failed++
		r.how = fmt.Sprintf("%s: %+v", s.name, v)
		r.unsure = m.anyFinished()
		r.bury = v.Action == stage.DeadLetter && s.dead
	default:
		if !v.Unspent {
			r.spent++
		}
	}
	if v.Action == stage.Stop {
		s.ending, s.stopped = true, true
	}
	return v
}

func (m *model) decide(s *stageModel, f stage.Failure[item]) (v stage.Verdict, panics bool) {
	r := m.chance(f.Event.id, f.Tries, 2)
	if f.Tries > 5 {
		return stage.Verdict{Action: stage.DeadLetter}, false
	}
	switch r.IntN(10) {
	case 0:
		return stage.Verdict{}, false
	case 1, 2:
		return stage.Verdict{Action: stage.DeadLetter}, false
	case 3:
		return stage.Verdict{}, true
	case 4:
		if m.mayStop() {
			return stage.Verdict{Action: stage.Stop, Unspent: r.IntN(2) == 0}, false
		}
	}
	return stage.Verdict{Action: stage.Retry, After: 3 * randomTime(r), Unspent: r.IntN(3) == 0}, false
}

func (m *model) mayStop() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stops--
	return m.stops >= 0
}

// source makes items at its own pace, fails now and then, and ends.
type source struct {
	m    *model
	of   *outletModel
	rng  *rand.Rand
	left int
	stop chan struct{} // end now
}

func (s *source) Fetch(ctx context.Context, dst []item) (n int, err error) {
	s.set(true)
	defer s.set(false)
	timer := time.NewTimer(max(1, randomTime(s.rng)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stop:
		s.left = 0
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if s.left == 0 {
		s.m.mu.Lock()
		s.of.finished = true
		s.m.mu.Unlock()
		return 0, io.EOF
	}
	n = min(s.left, 1+s.rng.IntN(len(dst)))
	if s.rng.IntN(6) == 0 {
		err = errDry
		n = s.rng.IntN(n + 1)
	}
	s.m.mu.Lock()
	copy(dst, s.m.itemsLocked(s.of, n))
	for _, ev := range dst[:n] {
		s.m.records[ev.id-1].known = true
	}
	s.of.accepted += n
	s.m.mu.Unlock()
	s.left -= n
	return n, err
}

func (s *source) set(inFetch bool) {
	s.m.mu.Lock()
	s.of.inFetch = inFetch
	s.m.mu.Unlock()
}

// call is what both kinds of handler do with an item, or with the first of
// several: it takes its time, and says whether its context ended before that.
func (c conduct) wait(ctx context.Context) (interrupted bool) {
	if c.takes <= 0 { // no timer: see stagetest.WorkFor
		return c.heeds && ctx.Err() != nil
	}
	timer := time.NewTimer(c.takes)
	defer timer.Stop()
	if !c.heeds {
		<-timer.C
		return false
	}
	select {
	case <-timer.C:
		return false
	case <-ctx.Done():
		return true
	}
}

func (m *model) use(id int) conduct {
	m.mu.Lock()
	use := m.records[id-1].uses
	m.mu.Unlock()
	return m.conduct(id, use)
}

// one is a single-event handler.
func (m *model) one(s *stageModel) func(context.Context, item) error {
	return func(ctx context.Context, ev item) error {
		evs := []item{ev}
		m.begin(s, evs)
		c := m.use(ev.id)
		if c.wait(ctx) {
			m.end(s, evs, none)
			return context.Cause(ctx)
		}
		return m.finish(s, evs, c.ending)
	}
}

// several is a slice handler.
func (m *model) several(s *stageModel) func(context.Context, []item) error {
	return func(ctx context.Context, evs []item) error {
		m.begin(s, evs)
		c := m.use(evs[0].id)
		if c.wait(ctx) {
			m.end(s, evs, none)
			return context.Cause(ctx)
		}
		failed := map[int]error{-1: errMisuse, len(evs): errMisuse}
		for i, ev := range evs {
			if m.use(ev.id).ending != "nil" {
				failed[i] = errMisuse
			}
		}
		if len(failed) == 2 || c.ending != "nil" && evs[0].id%2 == 0 {
			return m.finish(s, evs, c.ending)
		}
		at := make(map[int]int, len(evs))
		for i, ev := range evs {
			at[ev.id] = i
		}
		m.end(s, evs, func(ev item) bool { return failed[at[ev.id]] == nil })
		return fmt.Errorf("some: %w", &stage.SliceError{Failed: failed})
	}
}

// finish ends a handler's call for all of evs alike.
func (m *model) finish(s *stageModel, evs []item, how string) error {
	if how == "nil" {
		m.end(s, evs, all)
		return nil
	}
	m.end(s, evs, none)
	switch how {
	case "panic":
		panic(errMisuse)
	case "goexit":
		runtime.Goexit()
	}
	return errMisuse
}

func all(item) bool  { return true }
func none(item) bool { return false }

// exhume handles dead letters.
func (m *model) exhume(_ context.Context, f stage.Failure[item]) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records[f.Event.id-1].buried++
	return nil
}

var (
	errMisuse = errors.New("use failed")
	errDry    = errors.New("source failed")
	errSlain  = errors.New("killed")
)

// rest checks what must hold whenever nothing moves, and returns the snapshot.
func (m *model) rest() stage.Snapshot {
	synctest.Wait()
	snap := m.pipe.Snapshot()
	stages := make(map[string]stage.StageSnapshot, len(snap.Stages))
	for _, s := range snap.Stages {
		stages[s.Name] = s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range snap.Outlets {
		m.checkOutlet(&snap.Outlets[i])
	}
	for _, o := range snap.Outlets {
		for _, sub := range o.Subscriptions {
			m.checkIdle(&o, &sub, stages[sub.Stage])
		}
	}
	for _, s := range m.stages {
		if s.taker != nil {
			m.checkBusy(s, stages[s.name].Target)
		}
	}
	for _, o := range m.outlets {
		m.checkCounts(o, outletIn(snap, o.name), stages[o.name])
	}
	return snap
}

// checkOutlet: the two laws, as far as the snapshot itself shows them.
func (m *model) checkOutlet(o *stage.OutletSnapshot) {
	if sum := o.Done + o.Failed + o.Dropped + uint64(o.InSystem()); o.Accepted != sum {
		m.faultLocked("%s: accepted %d, accounted for %d: %s", o.Name, o.Accepted, sum, figures(o))
	}
	var inboxes, hands, credit int
	for _, s := range o.Subscriptions {
		inboxes, hands = inboxes+s.Inbox, hands+s.Hands
		if s.Prefetch {
			credit += s.Credit
		}
		if s.Inbox < 0 || s.Hands < 0 || s.Prefetch && s.Credit < 0 || s.Inbox > 0 && s.Idle > 0 && !o.Paused {
			m.faultLocked("%s: %s is idle beside its inbox, or below zero: %+v", o.Name, s.Stage, s)
		}
		if s.Attached && s.Leaving || !s.Attached && (s.Inbox > 0 || s.Prefetch && s.Credit > 0) {
			m.faultLocked("%s: %s keeps what it cannot use: %+v", o.Name, s.Stage, s)
		}
		if st := m.stage(s.Stage); st != nil && s.Prefetch && !st.touched && s.Credit+s.Inbox+s.Hands > s.Max {
			m.faultLocked("%s: %s has more unfinished than its max: %+v", o.Name, s.Stage, s)
		}
	}
	if inboxes != o.Inboxes || hands != o.Hands || credit != o.Credit {
		m.faultLocked("%s: subscriptions have %d in inboxes, %d in hands, %d credit: %s", o.Name, inboxes, hands, credit, figures(o))
	}
	if !o.Paused && o.Buffer > 0 && (o.Credit > 0 || o.Idle > 0) {
		m.faultLocked("%s: events wait beside those who wait for them: %s", o.Name, figures(o))
	}
}

// checkIdle: no stage has both a free worker and something to do.
func (m *model) checkIdle(o *stage.OutletSnapshot, s *stage.SubscriptionSnapshot, st stage.StageSnapshot) {
	of := m.stage(s.Stage)
	if of != nil && of.serving && of.ending && s.Attached && !m.hurried {
		m.faultLocked("%s: %s is about to end and still takes: %+v", o.Name, s.Stage, *s)
	}
	if of == nil || of.ending || !s.Attached || o.Paused || s.Inbox == 0 && (s.Prefetch || o.Buffer == 0) {
		return
	}
	free := st.Target - of.busy
	if of.spawner != nil {
		free -= min(of.refill, st.Target) - 1
	}
	if free > 0 {
		m.faultLocked("%s: %s has %d busy of %d and lets events wait: %+v, %s", o.Name, s.Stage, of.busy, st.Target, *s, figures(o))
	}
}

// checkBusy: no more handlers run than may.
func (m *model) checkBusy(s *stageModel, limit int) {
	if s.busy > max(limit, s.most) {
		m.faultLocked("%s: %d handlers run, %d may, or %d did", s.name, s.busy, limit, s.most)
	}
	s.most = max(s.busy, limit)
}

// checkCounts: the snapshot says what the model knows.
func (m *model) checkCounts(o *outletModel, s stage.OutletSnapshot, st stage.StageSnapshot) {
	got := o.before.plus(s)
	lo, hi := o.tally, o.tally
	hi.accepted += o.maybe + o.pushing*maxPush
	hi.rejected += o.maybe + o.pushing*maxPush
	if got.accepted < lo.accepted || got.accepted > hi.accepted || got.rejected < lo.rejected || got.rejected > hi.rejected ||
		got.done != lo.done || got.failed != lo.failed || got.dropped != lo.dropped {
		m.faultLocked("%s: counts are %+v, want %+v … %+v", o.name, got, lo, hi)
	}
	room := s.Capacity - s.Buffer - s.Delayed
	if o.pushing > 0 && room > 0 || o.pushing > 0 && s.State != stage.OutletOpen {
		m.faultLocked("%s: %d pushers wait though there is room for %d, or none will come: %s", o.name, o.pushing, room, figures(&s))
	}
	if o.source != nil && s.Want > 0 && st.State == stage.StateRunning && !o.inFetch && !o.finished {
		m.faultLocked("%s: %d are wanted and the source is not asked", o.name, s.Want)
	}
}

// plus is what was counted in all, across resets.
func (t tally) plus(s stage.OutletSnapshot) tally {
	return tally{
		t.accepted + int(s.Accepted), t.done + int(s.Done), t.failed + int(s.Failed),
		t.dropped + int(s.Dropped), t.rejected + int(s.Rejected),
	}
}

func (m *model) stage(name string) *stageModel {
	for _, s := range m.stages {
		if s.name == name {
			return s
		}
	}
	return nil
}

func outletIn(s stage.Snapshot, name string) stage.OutletSnapshot {
	for _, o := range s.Outlets {
		if o.Name == name {
			return o
		}
	}
	return stage.OutletSnapshot{}
}

// figures are a snapshot's counts without its histograms.
func figures(o *stage.OutletSnapshot) string {
	return fmt.Sprintf("%s paused=%v capacity=%d accepted=%d done=%d failed=%d dropped=%d delayed=%d buffer=%d inboxes=%d hands=%d idle=%d credit=%d want=%d %+v",
		o.State, o.Paused, o.Capacity, o.Accepted, o.Done, o.Failed, o.Dropped, o.Delayed, o.Buffer, o.Inboxes, o.Hands, o.Idle, o.Credit, o.Want, o.Subscriptions)
}

// outcomes checks, when nothing is left, that each item has one.
func (m *model) outcomes() {
	m.mu.Lock()
	defer m.mu.Unlock()
	lost := make(map[*outletModel]int)
	for i, r := range m.records {
		switch {
		case r.refused && r.uses > 0:
			m.faultLocked("item %d was refused and then handled", i+1)
		case r.done+r.failed > 1:
			m.faultLocked("item %d has %d outcomes", i+1, r.done+r.failed)
		case r.known && !r.settled():
			lost[r.from]++
		}
		if !r.bury && r.buried > 0 || r.bury && r.buried == 0 && !r.unsure || r.buried > 1 {
			m.faultLocked("item %d came out of the dead letters %d times, was put into them: %v", i+1, r.buried, r.bury)
		}
	}
	for _, o := range m.outlets {
		if n := lost[o]; n > o.dropped || n < o.dropped-o.maybe {
			m.faultLocked("%s: %d items have no outcome, and %d were dropped", o.name, n, o.dropped)
		}
	}
}
