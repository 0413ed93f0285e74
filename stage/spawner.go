package stage

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// SpawnerConfig are the settings of a spawner. The zero value is good.
type SpawnerConfig[T any] struct {
	// Max is how many tasks run at once. 0: 10. To 1,000,000.
	Max int
	// Refill asks for events anew after that many tasks have finished, as
	// ConsumerSupervisor does with min_demand: with more than 1, tasks start in
	// groups, and as few as Max-Refill+1 may run. 0: 1. In force is at most Max.
	Refill int
	// OnError, OnEnd, Observe and Timeout are as in [ConsumerConfig]. A retry is a
	// new task.
	OnError func(Failure[T]) Verdict
	OnEnd   EndMode
	Observe func(Handled, []T)
	Timeout time.Duration
}

const defaultMax = 10

// Spawner is a stage that runs each event in a goroutine of its own, at most Max
// at once: GenStage's ConsumerSupervisor. Events wait in their queue until a
// task may start.
type Spawner[T any] struct {
	inlet[T]
	handle func(ctx context.Context, ev T) error
	group  sync.WaitGroup // of the tasks of the present Serve

	taskMu sync.Mutex // guards what follows
	slots  slots
	tasks  map[uint64]*task[T]
	lastID uint64
}

// task is one event at work.
type task[T any] struct {
	TaskInfo[T]
	hand   hand[T]
	cancel context.CancelCauseFunc
}

// TaskInfo is a task as [Spawner.Tasks] lists it.
type TaskInfo[T any] struct {
	ID      uint64 // for Cancel; never used again
	Event   T
	Seq     uint64    // of the event in its outlet
	Attempt int       // of the event, this one included
	Started time.Time // when the task started
}

// NewSpawner makes a spawner. What is said of the handler at [NewConsumer] holds
// here too.
func NewSpawner[T any](p *Pipeline, name string, handle func(ctx context.Context, ev T) error, cfg SpawnerConfig[T]) *Spawner[T] {
	s := &Spawner[T]{handle: handle, tasks: make(map[uint64]*task[T])}
	s.setUp(p, name, "spawner")
	s.spawns, s.self, s.size = true, s, func() int { return 1 }
	s.onErr, s.onEnd, s.observe, s.timeout = cfg.OnError, cfg.OnEnd, cfg.Observe, cfg.Timeout
	limit, refill := cfg.Max, max(cfg.Refill, 1)
	if limit == 0 {
		limit = defaultMax
	}
	s.slots = slots{limit: limit, refill: refill}
	switch {
	case handle == nil:
		s.wrong = errNoHandler(name)
	case limit < 1 || limit > maxWorkers:
		s.wrong = &SettingError{name, "Max", cfg.Max, "0 to 1,000,000"}
	case cfg.Refill < 0:
		s.wrong = &SettingError{name, "Refill", cfg.Refill, "0 or more"}
	default:
		s.wrong = s.checkInlet()
	}
	p.add(s, nil)
	return s
}

// Serve starts tasks until the stage ends, and returns when all of them have.
// It ends as [Consumer.Serve] does.
func (s *Spawner[T]) Serve(ctx context.Context) error { return s.serve(ctx, func() {}) }

func (s *Spawner[T]) serve(ctx context.Context, began func()) (err error) {
	ctx, unhook, err := s.open(ctx)
	if err != nil {
		return err
	}
	starter := newStarter(s)
	defer func() { err = s.finish(starter) }()
	defer unhook()
	s.taskMu.Lock()
	s.slots.open()
	s.taskMu.Unlock()
	s.announce()
	began()
	for {
		if ctx.Err() != nil {
			s.interrupt(ctx) // now, and not when the context gets round to it
		}
		started := starter.start(ctx)
		s.consider()
		if s.stop.Load() {
			return nil
		}
		if !started {
			<-s.changed
		}
	}
}

// finish waits for the tasks.
func (s *Spawner[T]) finish(starter *starter[T]) error {
	s.withdraw()
	starter.close()
	s.group.Wait()
	return s.shut()
}

// Resize changes how many tasks may run, 1 to 1,000,000. More start at once; of
// too many, all finish and none is started until fewer run.
func (s *Spawner[T]) Resize(limit int) error { return s.SetSlots(limit, 0) }

// SetSlots changes Max and Refill; a refill of 0 leaves that as it is. Out of
// bounds it returns a [*SettingError] and changes nothing.
func (s *Spawner[T]) SetSlots(limit, refill int) error {
	switch {
	case limit < 1 || limit > maxWorkers:
		return &SettingError{s.name, "max", limit, "1 to 1,000,000"}
	case refill < 0:
		return &SettingError{s.name, "refill", refill, "0 or more"}
	}
	s.taskMu.Lock()
	if refill == 0 {
		refill = s.slots.refill
	}
	s.slots.change(limit, refill)
	s.taskMu.Unlock()
	poke(s.changed)
	return nil
}

// Tasks lists the tasks whose handlers run at the moment of the call, in the
// order of their start.
func (s *Spawner[T]) Tasks() iter.Seq[TaskInfo[T]] {
	s.taskMu.Lock()
	infos := make([]TaskInfo[T], 0, len(s.tasks))
	for _, id := range slices.Sorted(maps.Keys(s.tasks)) {
		infos = append(infos, s.tasks[id].TaskInfo)
	}
	s.taskMu.Unlock()
	return slices.Values(infos)
}

// Cancel ends the context of one task with the given cause. What its handler
// then returns counts as usual: an error goes to the policy. It says whether
// that task's handler was at work.
func (s *Spawner[T]) Cancel(id uint64, cause error) bool {
	s.taskMu.Lock()
	t := s.tasks[id]
	s.taskMu.Unlock()
	if t == nil {
		return false
	}
	t.cancel(cause)
	return true
}

func (s *Spawner[T]) snapshot() StageSnapshot {
	r := s.base.read()
	s.taskMu.Lock()
	defer s.taskMu.Unlock()
	r.Workers, r.Target = len(s.tasks), s.slots.limit
	return r
}
