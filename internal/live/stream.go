package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// beat is how often a frame is made.
	beat = 50 * time.Millisecond
	// calm is how many beats a frame spans while nobody looks at a page that moves:
	// numbers change no oftener. lingering is for how many beats after that a frame
	// is made at each, for those who come back.
	calm      = int64(250 * time.Millisecond / beat)
	lingering = int64(15 * time.Second / beat)
	// heartbeat is how many beats may pass in silence: proxies cut what is idle.
	heartbeat = int64(15 * time.Second / beat)
	// kept is how many frames are remembered, for viewers that come or come back.
	kept = 256
	// patience is how many frames a viewer may be behind; then it loses what it
	// has not seen, and goes on with the newest.
	patience = 40
	// recent is how many frames back values are still told: older ones have been
	// overtaken.
	recent = 5
	// batch is how many bytes are sent at a time, and backlog how many at most of
	// what was before a viewer came. More than one frame may exceed neither.
	batch   = 64 << 10
	backlog = 256 << 10
)

// Feed is one kind of message of the stream.
type Feed struct {
	Event string        // the name of the message
	Every time.Duration // how often Read is called: a multiple of 50 ms. 250 ms at least, where nobody looks at what moves
	// Read returns what is to be told, a message each. It is called by one
	// goroutine, whether anybody is listening or not. A value with a method
	// AppendJSON([]byte) []byte encodes itself.
	Read func() []any
}

// stream is a short log of frames, each encoded once. A viewer is a place in that
// log: no queue belongs to it, so however slow it is, it holds nothing and nobody.
type stream struct {
	log   *slog.Logger
	feeds []Feed
	boot  string // tells this process's frames from those of the one before
	most  int    // viewers at one time

	mu      sync.Mutex        // guards what follows
	frames  [kept]frame       // frame n stands at n % kept
	next    uint64            // number of the next frame
	wake    chan struct{}     // closed when there is a next frame
	viewers map[string]int    // by page; "" for those without one
	eager   int               // of these, those whose page moves
	panels  map[string][]byte // by page: all its panels, for a viewer that comes while others look
	watched int               // sum of them
}

// frame is what one beat tells, encoded.
type frame struct {
	all    []byte            // samples, events, marks: each is told once and counts
	values []byte            // the values, of which the newest are enough
	panels map[string][]byte // by page: those that changed
}

func (f frame) size() int { return len(f.all) + len(f.values) }

func newStream(log *slog.Logger, most int) *stream {
	return &stream{
		log: log, most: most, boot: strings.ToLower(rand.Text()[:8]),
		next: 1, wake: make(chan struct{}), viewers: map[string]int{}, panels: map[string][]byte{},
	}
}

// serve makes frames until ctx ends: at every beat, or at every fifth while nobody
// looks at what moves. To wake up is most of what a frame costs.
func (s *stream) serve(ctx context.Context, panels func(page string, anew bool) (changed, all []byte)) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	pace, moved, told := int64(1), int64(0), int64(0)
	for n := int64(0); ; n += pace - n%pace {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		f := s.make(n, panels)
		if n-told >= heartbeat {
			f.all = append(f.all, ": still here\n"...)
		}
		if s.publish(f) {
			told = n
		}
		if s.moving() {
			moved = n
		}
		if next := paceAfter(n - moved); next != pace {
			pace = next
			tick.Reset(time.Duration(pace) * beat)
		}
	}
}

// paceAfter is how many beats there are from frame to frame when the last viewer of
// a page that moves was there so many beats ago.
func paceAfter(beats int64) int64 {
	if beats < lingering {
		return 1
	}
	return calm
}

// make asks the feeds whose turn it is, and once a second the panels of the
// pages that somebody looks at.
func (s *stream) make(n int64, panels func(page string, anew bool) (changed, all []byte)) frame {
	var f frame
	for _, feed := range s.feeds {
		if n%int64(max(1, feed.Every/beat)) != 0 {
			continue
		}
		for _, data := range feed.Read() {
			if text := s.message(feed.Event, data); feed.Event == "values" {
				f.values = append(f.values, text...)
			} else {
				f.all = append(f.all, text...)
			}
		}
	}
	if n%int64(time.Second/beat) == 0 {
		f.panels = s.draw(panels)
	}
	return f
}

// draw has the panels drawn of the pages that somebody looks at, and returns those
// that have changed. Where nobody looked before, none is known to anybody: all have.
func (s *stream) draw(panels func(page string, anew bool) (changed, all []byte)) map[string][]byte {
	var told map[string][]byte
	for _, page := range s.pages() {
		changed, all := panels(page, s.present(page) == nil)
		s.remember(page, all)
		if changed == nil {
			continue
		}
		if told == nil {
			told = map[string][]byte{}
		}
		told[page] = changed
	}
	return told
}

// message is one message as the stream has it; "" for one that cannot be encoded.
func (s *stream) message(event string, data any) string {
	text, err := encode(data)
	if err != nil {
		s.log.Error("feed not encoded", "event", event, "err", err)
		return ""
	}
	return "event: " + event + "\ndata: " + string(text) + "\n\n"
}

func encode(data any) ([]byte, error) {
	if own, ok := data.(interface{ AppendJSON([]byte) []byte }); ok {
		return own.AppendJSON(nil), nil
	}
	return json.Marshal(data)
}

// publish numbers a frame and wakes the viewers; false for one that tells nothing.
// The number stands before its first message, so that all of them carry it.
func (s *stream) publish(f frame) bool {
	if f.size() == 0 && f.panels == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("id: %s.%d\n", s.boot, s.next)
	f.all = append([]byte(id), f.all...)
	s.frames[s.next%kept] = f
	s.next++
	close(s.wake)
	s.wake = make(chan struct{})
	return true
}

// place is where a viewer is in the log.
type place struct {
	page string
	seen uint64 // number of the newest frame it has
	came uint64 // number of the newest frame when it came: up to there it catches up
}

// after appends to out what follows a place, up to about a batch, and moves the place
// on. lost tells that it was too far behind and has skipped frames. wake is closed
// when there is more, or nil when there is more already.
func (s *stream) after(p *place, out [][]byte) (frames [][]byte, lost bool, wake <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := s.next - 1
	if behind := newest - p.seen; behind >= kept || behind > patience && p.seen >= p.came {
		p.seen, lost = newest-1, true
	}
	for bytes := 0; p.seen < newest && bytes < batch; p.seen++ {
		n := p.seen + 1
		f := s.frames[n%kept]
		bytes += f.size()
		out = append(out, f.all)
		if n+recent > newest {
			out = append(out, f.values)
		}
		if n > p.came { // up to there it was given them all when it came
			out = append(out, f.panels[p.page])
		}
	}
	if p.seen < newest {
		return out, lost, nil
	}
	return out, lost, s.wake
}

// enterAt is the place of a viewer that last saw the frame of that id: after it, if it
// is one of ours and still kept. Any other begins with the oldest: the last seconds
// are what it would have to ask for otherwise. They also fill the kernel's buffers
// for one that never reads, which is noticed only then.
func (s *stream) enterAt(id, page string) place {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := s.next - 1
	seen := newest
	for bytes := 0; newest-seen < min(newest, kept-1) && bytes < backlog; seen-- {
		bytes += s.frames[seen%kept].size()
	}
	boot, number, _ := strings.Cut(id, ".")
	if n, err := strconv.ParseUint(number, 10, 64); err == nil && boot == s.boot && n <= newest && n > seen {
		seen = n
	}
	return place{page: page, seen: seen, came: newest}
}

// enter counts a viewer in, unless there are too many. Eager is one whose page
// moves.
func (s *stream) enter(page string, eager bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watched >= s.most {
		return false
	}
	s.watched++
	s.viewers[page]++
	if eager {
		s.eager++
	}
	return true
}

func (s *stream) leave(page string, eager bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched--
	if eager {
		s.eager--
	}
	if s.viewers[page]--; s.viewers[page] == 0 {
		delete(s.viewers, page)
		delete(s.panels, page)
	}
}

func (s *stream) moving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.eager > 0
}

// remember keeps a page's panels for as long as somebody looks at it.
func (s *stream) remember(page string, panels []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.viewers[page] > 0 {
		s.panels[page] = panels
	}
}

// present are the panels of a page as the other viewers have them; nil when there
// are none.
func (s *stream) present(page string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.panels[page]
}

// pages are those that somebody looks at.
func (s *stream) pages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	pages := make([]string, 0, len(s.viewers))
	for page := range s.viewers {
		pages = append(pages, page)
	}
	return pages
}

func (s *stream) watching() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watched
}
