package config

import (
	"net"
	"strconv"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
)

// table is every setting, in the order in which they are shown. Sections are
// what comes before the dot.
var table = []Field{
	named("addr", text("server.addr", "where the lab listens",
		"an address with a port, such as localhost:4000", isAddr, func(s *Settings) *string { return &s.Server.Addr })),
	secret(named("token", text("server.token", "what every caller must present; needed when the lab listens beyond this machine",
		"at least 16 characters without spaces; afflux token makes one", isToken, func(s *Settings) *string { return &s.Server.Token }))),
	list("server.hosts", "further host names that requests may use", "a list of host names",
		func(s *Settings) *[]string { return &s.Server.Hosts }),
	duration("server.grace", "how long a stop waits for work that is under way", 0, time.Hour,
		func(s *Settings) *time.Duration { return &s.Server.Grace }),
	text("server.debug_addr", "where pprof listens, on this machine only; empty: nowhere",
		"an address with a port, such as localhost:6060, or nothing", isAddrOrNone, func(s *Settings) *string { return &s.Server.DebugAddr }),
	integer("server.viewers", "how many may watch the pages live at one time", 0, 100_000,
		func(s *Settings) *int { return &s.Server.Viewers }),

	live(duration("resource.latency", "what one use of the mock resource costs, on average", 0, resource.MaxLatency,
		func(s *Settings) *time.Duration { return &s.Resource.Latency })),
	live(choice("resource.distribution", "how single uses spread around that", resource.Distributions(),
		func(s *Settings) *resource.Distribution { return &s.Resource.Distribution })),
	live(integer("resource.seed", "decides, with the number of a use, its latency", 0, uint64(1<<53-1), // what a JSON number carries exactly
		func(s *Settings) *uint64 { return &s.Resource.Seed })),
	live(integer("resource.limit", "uses at one time; 0: no limit", 0, resource.MaxLimit,
		func(s *Settings) *int { return &s.Resource.Limit })),
	live(choice("resource.on_full", "what happens to work that finds it full", []string{string(resource.Reject), string(resource.Wait)},
		func(s *Settings) *resource.OnFull { return &s.Resource.OnFull })),
	live(integer("resource.max_waiting", "how many may wait, with on_full = wait", 0, resource.MaxLimit,
		func(s *Settings) *int { return &s.Resource.MaxWaiting })),
	live(integer("resource.status", "HTTP status of a refusal", 400, 599,
		func(s *Settings) *int { return &s.Resource.Status })),
	live(choice("resource.admission", "atomic keeps the limit; naive is racy on purpose, for the exercise", []string{string(resource.Atomic), string(resource.Naive)},
		func(s *Settings) *resource.Admission { return &s.Resource.Admission })),
	live(duration("resource.naive_gap", "with naive admission: the time between looking and counting", 0, resource.MaxNaiveGap,
		func(s *Settings) *time.Duration { return &s.Resource.NaiveGap })),

	live(choice("pipeline.kind", "who takes the events of part 2: consumers, or a supervisor that runs each in a goroutine of its own", []string{"consumers", "supervisor"},
		func(s *Settings) *string { return &s.Pipeline.Kind })),
	live(integer("pipeline.consumers", "with kind = consumers: how many there are", 1, 1000,
		func(s *Settings) *int { return &s.Pipeline.Consumers })),
	live(integer("pipeline.concurrency", "with kind = supervisor: events at one time", 1, 100_000,
		func(s *Settings) *int { return &s.Pipeline.Concurrency })),
	live(integer("pipeline.refill", "with kind = supervisor: ask again after that many have finished; at most concurrency counts", 1, 100_000,
		func(s *Settings) *int { return &s.Pipeline.Refill })),
	live(choice("pipeline.handout", "with kind = consumers: prefetch asks ahead, as GenStage does; lazy leaves events in the queue until a consumer is free", []string{"prefetch", "lazy"},
		func(s *Settings) *string { return &s.Pipeline.Handout })),
	live(integer("pipeline.max_demand", "with handout = prefetch: unfinished events that a consumer may have", 1, 1_000_000,
		func(s *Settings) *int { return &s.Pipeline.MaxDemand })),
	live(optional("pipeline.min_demand", "with handout = prefetch: ask again when so few are unfinished; left out: half of max_demand", 0, 999_999, "half", HalfDemand,
		func(s *Settings) *int { return &s.Pipeline.MinDemand })),
	live(integer("pipeline.buffer", "events that may wait, those to be retried included", 1, 10_000_000,
		func(s *Settings) *int { return &s.Pipeline.Buffer })),
	live(choice("pipeline.overflow", "what becomes of one event more: 503, or an event is dropped and counted", []string{"reject", "drop_oldest", "drop_newest"},
		func(s *Settings) *string { return &s.Pipeline.Overflow })),
	live(integer("pipeline.attempts", "uses of one event before it counts as failed; a refusal by a resource that is full or restarting is none", 1, 100,
		func(s *Settings) *int { return &s.Pipeline.Attempts })),
}

// Fields returns all settings, in the order in which they are shown.
func Fields() []Field { return append([]Field(nil), table...) }

// Lookup returns the setting of that key.
func Lookup(key string) (Field, bool) {
	for _, f := range table {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

func isAddr(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 0 && n <= 65535
}

func isAddrOrNone(s string) bool { return s == "" || isAddr(s) }

func isToken(s string) bool {
	if s == "" {
		return true
	}
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return len(s) >= 16
}
