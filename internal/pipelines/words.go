package pipelines

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/stage"
)

// asks says how a subscription asks for events.
func asks(s *stage.SubscriptionSnapshot) string {
	text := demand(s)
	if s.Where {
		text += ", some"
	}
	if s.Lag > 0 {
		text += ", may lag"
	}
	return text
}

func demand(s *stage.SubscriptionSnapshot) string {
	switch {
	case s.Manual:
		return "by hand"
	case s.Prefetch:
		return fmt.Sprintf("ahead: %s, again at %s", whole(s.Max), whole(s.Min))
	case s.Slice > 1:
		return "when free: up to " + whole(s.Max)
	}
	return "when free"
}

func attached(s *stage.SubscriptionSnapshot) string {
	switch {
	case s.Leaving:
		return "leaving"
	case !s.Attached:
		return "not served"
	}
	return "served"
}

// crew is how many workers, or tasks, it may have busy.
func (p *part) crew() int { return crewOf(p.by, p.SubscriptionSnapshot) }

// crewOf is a subscription's workers. Of a spawner, which has one, its tasks count.
func crewOf(n *node, s *stage.SubscriptionSnapshot) int {
	if n != nil && n.stage != nil && n.stage.Kind == "spawner" {
		return n.stage.Target
	}
	return s.Workers
}

func slice(s *stage.SubscriptionSnapshot) string { return if0(s.Slice-1, whole(s.Slice)) }

func wanted(s *stage.Snapshot, o *stage.OutletSnapshot) string {
	if x := s.Stage(o.Name); !asked(kindOf(&node{stage: x, outlet: o}), o) {
		return nothing
	}
	return whole(o.Want)
}

func limit(s *stage.SubscriptionSnapshot) string {
	if s.Rate == 0 {
		return nothing
	}
	return live.Rate(s.Rate).Text
}

func held(s *stage.SubscriptionSnapshot) string {
	if s.Rate == 0 {
		return nothing
	}
	return whole(s.Held)
}

func oldest(o *stage.OutletSnapshot) string {
	if o.Buffer == 0 {
		return nothing
	}
	return live.Duration(o.Oldest)
}

// feeders are the names of the stages that feed an outlet.
func feeders(s *stage.Snapshot, o *stage.OutletSnapshot) string {
	switch x := s.Stage(o.Name); {
	case len(o.FedBy) > 0:
		return someOf(o.FedBy)
	case x != nil && x.Kind == "producer":
		return "its source"
	}
	return "outside"
}

// told is a stage's state, and of a source that failed when it is asked again.
func told(s *stage.StageSnapshot) string {
	word := stageState(s).word
	if s.Retry > 0 {
		word += ", again in " + again(s)
	}
	return word
}

func again(s *stage.StageSnapshot) string {
	return live.Duration(s.Retry.Round(100 * time.Millisecond))
}

func workers(s *stage.StageSnapshot) string {
	if s.Workers == 0 && s.Target == 0 {
		return nothing
	}
	return outOf(s.Workers, s.Target)
}

func shortened(text string) string {
	if letters := []rune(text); len(letters) > longestError {
		return string(letters[:longestError]) + "…"
	}
	return orNothing(text)
}

// only says text of stages of a kind, and nothing of others.
func only(s *stage.StageSnapshot, kind, text string) string {
	if s.Kind != kind {
		return nothing
	}
	return text
}

// if0 says nothing for 0, else text.
func if0(n int, text string) string {
	if n <= 0 {
		return nothing
	}
	return text
}

func orNothing(text string) string {
	if text == "" {
		return nothing
	}
	return text
}

func whole[N int | uint64](n N) string { return live.Count(uint64(n)).Text }

// times are the median and what one in a hundred exceeds.
func times(h *stage.Histogram) string {
	if h.Count == 0 {
		return nothing
	}
	return live.Duration(h.Quantile(0.5)) + " / " + live.Duration(h.Quantile(0.99))
}

func mean(sum time.Duration, of uint64) string {
	if of == 0 {
		return nothing
	}
	return live.Duration(sum / time.Duration(of))
}
