package pipelines

import "github.com/affluxlab/afflux/stage"

// state is a node's in a word.
type state struct {
	word, colour string
	trouble      bool
}

// unknown is what a name leads to that the snapshot does not tell more of: it came or left
// while that was read.
var unknown = state{word: "not there", colour: "failed", trouble: true}

// states are those of stages.
var states = map[stage.State]state{
	stage.StateReady:   {word: "ready", colour: "plain"},
	stage.StateRunning: {word: "running", colour: "done"},
	stage.StateBackOff: {word: "backing off", colour: "failed", trouble: true},
	stage.StateLeaving: {word: "leaving", colour: "waiting"},
	stage.StateDone:    {word: "done", colour: "plain"},
	stage.StateFailed:  {word: "failed", colour: "failed", trouble: true},
	stage.StateStopped: {word: "stopped", colour: "plain"},
}

// stateOf is what matters most of a node: that it is in trouble, else that its outlet hands
// nothing out or takes nothing, else what its stage does.
func stateOf(n *node) state {
	own := stageState(n.stage)
	switch {
	case n.stage == nil && n.outlet == nil:
		return unknown
	case own.trouble || n.outlet == nil:
		return own
	case n.outlet.Paused || n.outlet.State != stage.OutletOpen || n.stage == nil:
		return outletState(n.outlet)
	}
	return own
}

func stageState(s *stage.StageSnapshot) state {
	if s == nil {
		return state{}
	}
	if known, ok := states[s.State]; ok {
		return known
	}
	return state{word: s.State.String(), colour: "plain"}
}

func outletState(o *stage.OutletSnapshot) state {
	switch {
	case o.Paused && o.State != stage.OutletOpen:
		return state{word: "paused, " + o.State.String(), colour: "waiting"}
	case o.Paused:
		return state{word: "paused", colour: "waiting"}
	case o.State == stage.OutletOpen:
		return state{word: "open", colour: "done"}
	}
	return state{word: o.State.String(), colour: "waiting"}
}

// kindOf is what a node is. An outlet without a stage is that of dead letters.
func kindOf(n *node) string {
	switch {
	case n.stage != nil:
		return n.stage.Kind
	case n.outlet != nil:
		return "outlet"
	}
	return "stage"
}

// kindsOf is what several nodes are, if they are all the same.
func kindsOf(nodes []*node) string {
	kind := kindOf(nodes[0])
	for _, n := range nodes {
		if kindOf(n) != kind {
			return "nodes"
		}
	}
	return kind + "s"
}
