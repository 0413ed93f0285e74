package stage

// line decides who gets the next event among subscriptions that asked ahead: the
// one with the largest outstanding demand, and of equals the one that has waited
// longest, as GenStage's DemandDispatcher does.
type line[S any] struct {
	claims []*claim[S] // a heap
	turn   uint64
	total  int // outstanding demand of all
}

// claim is the demand of one subscription that was not served yet.
type claim[S any] struct {
	of     S
	credit int
	turn   uint64 // when it last took its place
	place  int    // in the heap, from 1; 0: not in line
}

// ask adds n to c's demand and puts it behind its equals.
func (l *line[S]) ask(c *claim[S], n int) {
	l.total += n
	c.credit += n
	l.requeue(c)
}

// grant takes up to n from c's demand, says how many, and puts it behind its
// equals.
func (l *line[S]) grant(c *claim[S], n int) int {
	n = min(n, c.credit)
	l.total -= n
	c.credit -= n
	l.requeue(c)
	return n
}

// leave withdraws all of c's demand.
func (l *line[S]) leave(c *claim[S]) {
	l.total -= c.credit
	c.credit = 0
	if c.place == 0 {
		return
	}
	i, last := c.place-1, len(l.claims)-1
	l.swap(i, last)
	l.claims[last] = nil
	l.claims = l.claims[:last]
	c.place = 0
	if i < last {
		l.fix(i)
	}
}

// first is the claim to be served next, nil if nobody asks for anything.
func (l *line[S]) first() *claim[S] {
	if len(l.claims) == 0 || l.claims[0].credit == 0 {
		return nil
	}
	return l.claims[0]
}

func (l *line[S]) requeue(c *claim[S]) {
	l.turn++
	c.turn = l.turn
	if c.place == 0 {
		l.claims = append(l.claims, c)
		c.place = len(l.claims)
	}
	l.fix(c.place - 1)
}

func (l *line[S]) before(i, j int) bool {
	a, b := l.claims[i], l.claims[j]
	return a.credit > b.credit || a.credit == b.credit && a.turn < b.turn
}

func (l *line[S]) swap(i, j int) {
	l.claims[i], l.claims[j] = l.claims[j], l.claims[i]
	l.claims[i].place, l.claims[j].place = i+1, j+1
}

// fix moves the claim at i to where it belongs.
func (l *line[S]) fix(i int) {
	for i > 0 && l.before(i, (i-1)/2) {
		l.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(l.claims) && l.before(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		l.swap(i, least)
		i = least
	}
}
