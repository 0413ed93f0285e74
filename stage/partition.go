package stage

// PartitionConfig are the settings of a [Partition].
type PartitionConfig[T any] struct {
	// Key says which events belong together, such as the number of a user, or a hash of
	// a name (maphash.String of hash/maphash). It runs in
	// the goroutine that pushes, or makes, the event, and must be quick. If it panics a
	// push fails with the [*PanicError]; an event of a source fails. Needed.
	Key func(ev T) uint64
	// Partitions is how many there are; keys that fall into the same one wait for each
	// other. 1 to 65,536. 0: 256. Each costs some 300 bytes, all together keep 4 MiB
	// for what may come, and an event that waits in one takes 8 bytes more than
	// elsewhere. A Snapshot looks at all, which takes some 20 ns each.
	Partitions int
	// Buffer bounds what may wait in one partition; the outlet's own Buffer bounds all
	// together. 0: a quarter of what that is at the time.
	Buffer int
}

const (
	defaultPartitions = 256
	maxPartitions     = 65_536
)

func (cfg PartitionConfig[T]) check(of string) error {
	switch {
	case cfg.Key == nil:
		return &SettingError{of, "Key", "nil", "a function"}
	case cfg.Partitions < 0 || cfg.Partitions > maxPartitions:
		return &SettingError{of, "Partitions", cfg.Partitions, "0 to 65,536"}
	case cfg.Buffer < 0 || cfg.Buffer > maxBuffer:
		return &SettingError{of, "partition Buffer", cfg.Buffer, "0 to 10,000,000"}
	}
	return nil
}

// Partition lets events of one key be handled one after the other, in the order in
// which they were accepted, whatever the number of workers and of subscribers, and
// whenever that changes: the next one begins when the one before has its final
// outcome, retries included. A retry that waits lets its partition wait, and no
// worker. It is what o does from then on, and returns o; say it before anything is
// pushed or subscribed.
//
// A partition is no worker's own: any free one takes the next event of one that
// nobody is at. A key that is hot, slow or stuck fills its partition, and pushes of
// its events wait or are told [ErrFull], while all others go on. (A source cannot be
// told to leave a key out: its events of a full partition wait beyond that bound,
// within the outlet's Buffer, and then the source is not asked.)
//
// Subscriptions must be [Lazy]: what waits in an inbox would be no worker's to
// take. The outlet must not drop events, and may not be a [Broadcast]: put a
// [Transform] between. A slice handler is given events of one partition; where it says
// that some of a slice failed ([SliceError]), the others of that slice are done.
func Partition[T any](o Outlet[T], cfg PartitionConfig[T]) Outlet[T] {
	const of = "partition"
	if o == nil {
		return refusal[T]{&SettingError{of, "outlet", "nil", "an outlet"}}
	}
	if b, broadcasts := o.(*Broadcast[T]); broadcasts {
		return refuseIn(b.pipe, o, &SettingError{of, "outlet", b.name, "no Broadcast"})
	}
	h, err := o.outlet(of, defaultSettings(of))
	if err != nil {
		return refusal[T]{err}
	}
	if err = cfg.check(h.name); err == nil {
		err = h.partition(cfg)
	}
	if err != nil {
		return refuseIn(h.pipe, o, err)
	}
	return o
}

// refusal is an outlet that nobody can subscribe to.
type refusal[T any] struct{ err error }

func (r refusal[T]) outlet(string, subSettings) (*hub[T], error) { return nil, r.err }

func refuseIn[T any](p *Pipeline, _ Outlet[T], err error) Outlet[T] {
	p.spoil(err)
	return refusal[T]{err}
}

// partition gives the hub its lanes.
func (h *hub[T]) partition(cfg PartitionConfig[T]) error {
	h.mu.Lock()
	defer h.unlock()
	switch {
	case h.lanes != nil || h.books.accepted > 0 || len(h.subs) > 0 || h.pushers.first != nil:
		return &SettingError{h.name, "Partition", "late", "before anything is pushed or subscribed, once"}
	case h.overflow != Refuse:
		return &SettingError{h.name, "Partition", h.overflow, "an outlet that refuses what is too much"}
	}
	bound := cfg.Buffer
	if bound == 0 {
		bound = max(1, h.capacity/4)
	}
	h.lanes = newLanes(cfg.Key, orElse(cfg.Partitions, defaultPartitions), bound)
	return nil
}

// spoil keeps a mistake for Run to refuse, if that is not under way.
func (p *Pipeline) spoil(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil {
		p.wrong = append(p.wrong, err)
	}
}
