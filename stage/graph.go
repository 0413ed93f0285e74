package stage

import "slices"

// The graph of a pipeline: stages take from outlets, and some feed outlets. What
// goes in circles could neither be drained in order nor be sure not to wait for
// itself, so it is refused.

// sources are the outlets that a stage takes from.
func (in *inlet[T]) sources() []outletNode {
	var all []outletNode
	for _, s := range *in.subs.Load() {
		all = append(all, s.hub)
	}
	return all
}

func (p *Producer[T]) sources() []outletNode { return nil }
func (q *Queue[T]) sources() []outletNode    { return nil }

func (h *hub[T]) feeders() []node { return h.from }

// leadsTo says whether what n does ends up in h: through a queue that names it in
// FedBy, what it makes, or its dead letters, and the stages behind those.
func leadsTo(n node, h outletNode) bool {
	seen := map[node]bool{}
	var from func(h outletNode) bool
	from = func(h outletNode) bool {
		return slices.ContainsFunc(h.feeders(), func(feeder node) bool {
			if feeder == n {
				return true
			}
			if seen[feeder] {
				return false
			}
			seen[feeder] = true
			return slices.ContainsFunc(feeder.sources(), from)
		})
	}
	return from(h)
}
