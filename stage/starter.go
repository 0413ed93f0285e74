package stage

import (
	"context"
	"time"
)

// starter is the goroutine of a spawner's Serve: it takes events as far as there
// are slots, and starts a task for each.
type starter[T any] struct {
	s     *Spawner[T]
	seats seats[T]
	spare *task[T] // made for an event that was not there
}

func newStarter[T any](s *Spawner[T]) *starter[T] { return &starter[T]{s: s} }

// start starts one task, if there is a slot and an event for it.
func (st *starter[T]) start(ctx context.Context) bool {
	st.seats.arrange(st.s.subs.Load(), st.s.changed, func(at *seat[T]) { st.visit(at, 0) })
	credit := st.s.credit()
	for i := range st.seats.all {
		if t := st.visit(st.seats.at(i), credit); t != nil {
			st.seats.found(i)
			st.s.launch(ctx, t)
			return true
		}
	}
	return false
}

// visit takes one event. Without a slot it only says so, and is not called.
func (st *starter[T]) visit(at *seat[T], credit int) *task[T] {
	h, now := at.sub.hub, st.s.pipe.now()
	h.mu.Lock()
	defer h.unlock()
	at.back()
	h.pass(now)
	at.sub.slots = credit
	at.sub.restock()
	var t *task[T]
	if credit > 0 && !st.s.stop.Load() {
		if st.spare == nil {
			st.spare = &task[T]{}
		}
		if h.take(at.sub, &st.spare.hand, &at.waiter, now) {
			t, st.spare = st.spare, nil
		}
	}
	h.balance()
	return t
}

// close leaves all seats.
func (st *starter[T]) close() {
	for _, at := range st.seats.all {
		st.visit(at, 0)
	}
}

func (s *Spawner[T]) credit() int {
	s.taskMu.Lock()
	defer s.taskMu.Unlock()
	return s.slots.credit
}

// launch puts a task on the list and starts it.
func (s *Spawner[T]) launch(ctx context.Context, t *task[T]) {
	own, cancel := context.WithCancelCause(ctx)
	t.cancel = cancel
	seq, _, attempt, _ := t.hand.place(0)
	s.taskMu.Lock()
	s.slots.start()
	s.lastID++
	t.TaskInfo = TaskInfo[T]{ID: s.lastID, Event: t.hand.one[0], Seq: seq, Attempt: attempt + 1, Started: time.Now()}
	s.tasks[t.ID] = t
	s.taskMu.Unlock()
	s.group.Go(func() { s.run(ctx, own, t) })
}

// run is the goroutine of a task, which its handler may end. The handler is told
// by its own context; what its error means depends on that of Serve.
func (s *Spawner[T]) run(serve, own context.Context, t *task[T]) {
	err := ErrGoexit // unless the handler returns
	defer func() { s.bring(serve, t, err) }()
	err = s.call(own, t.hand.events()[0])
}

func (s *Spawner[T]) call(ctx context.Context, ev T) (err error) {
	defer caught(&err)
	if s.timeout > 0 {
		var done context.CancelFunc
		ctx, done = s.timed(ctx)
		defer done()
	}
	return s.handle(ctx, ev)
}

// bring finds out what became of a task's event; close closes its books and frees
// its slot.
func (s *Spawner[T]) bring(ctx context.Context, t *task[T], err error) {
	defer s.close(t) // whatever the policy does
	s.taskMu.Lock()
	delete(s.tasks, t.ID)
	s.taskMu.Unlock()
	if err != nil {
		t.hand.condemn(0)
		t.hand.fates[0] = s.judge(ctx, &t.hand, 0, err)
	}
}

func (s *Spawner[T]) close(t *task[T]) {
	now := s.pipe.now()
	defer s.settle(t, now) // whatever the observers do
	s.handled(&t.hand, now)
}

func (s *Spawner[T]) settle(t *task[T], now int64) {
	h := t.hand.sub.hub
	h.mu.Lock()
	h.pass(now)
	h.settle(&t.hand, now)
	h.balance()
	h.unlock()
	t.cancel(nil)
	s.taskMu.Lock()
	s.slots.finish()
	s.taskMu.Unlock()
	poke(s.changed)
}
