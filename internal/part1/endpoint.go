package part1

import (
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
)

// endpoint is one of the two ways to do the work.
type endpoint struct {
	name   string
	caller *resource.Caller
	books  ledger // guarded by Part.mu

	answers  *telemetry.Histogram // from arrival to an OK
	refusals *telemetry.Histogram // from arrival to any other answer
	waits    *telemetry.Histogram // in line, of work that stood there and was done
	works    *telemetry.Histogram // from arrival to the end of work that was done
}

func newEndpoint(mock *resource.Mock, name string) *endpoint {
	return &endpoint{
		name: name, caller: mock.Caller(name),
		answers: telemetry.NewHistogram(), refusals: telemetry.NewHistogram(),
		waits: telemetry.NewHistogram(), works: telemetry.NewHistogram(),
	}
}

// Snapshot is the chapter at one moment: all counts were true together.
type Snapshot struct {
	All       Counts
	Endpoints []EndpointSnapshot // serial, async
}

// EndpointSnapshot is what one endpoint has answered since the last reset, and
// how long that took.
type EndpointSnapshot struct {
	Name  string
	Now   Counts
	Total Counts // never reset
}

// Snapshot returns the books.
func (p *Part) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	var s Snapshot
	for _, e := range p.endpoints() {
		s.All = s.All.plus(e.books.Counts)
		s.Endpoints = append(s.Endpoints, EndpointSnapshot{e.name, e.books.Counts, e.books.total()})
	}
	return s
}

// Reset begins a new epoch: what is open is carried over, all else becomes 0.
func (p *Part) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.endpoints() {
		e.books.reset()
		e.answers.Reset()
		e.refusals.Reset()
		e.waits.Reset()
		e.works.Reset()
	}
}

func (p *Part) endpoints() []*endpoint { return []*endpoint{p.serial, p.async} }

// Take returns a fair choice of the requests that were over since the last call,
// each with how many it stands for: at most [MostRequests], so that whoever asks
// twenty times a second gets no more than a thousand a second. It is for one
// reader.
func (p *Part) Take() []Request {
	chosen, weight := p.requests.Take()
	now, clock := p.now(), p.clock()
	for i := range chosen {
		c := &chosen[i]
		c.Weight, c.At, c.arrived = weight, unixMS(now.Add(c.arrived-clock)), 0
	}
	return chosen
}

// Durations are an endpoint's histograms since the start, whatever was reset.
type Durations struct {
	Endpoint                        string
	Answers, Refusals, Waits, Works telemetry.Distribution
}

// Durations returns those of each endpoint.
func (p *Part) Durations() []Durations {
	var all []Durations
	for _, e := range p.endpoints() {
		all = append(all, Durations{e.name, e.answers.Total(), e.refusals.Total(), e.waits.Total(), e.works.Total()})
	}
	return all
}
