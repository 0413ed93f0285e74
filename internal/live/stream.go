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
	// kept is how many frames are remembered, for viewers that come back.
	kept = 256
	// heartbeat is how many beats may pass in silence: proxies cut what is idle.
	heartbeat = 15 * time.Second / beat
	// patience is how many frames a viewer may be behind; then it loses what it
	// has not seen, and goes on with the newest.
	patience = 40
)

// Feed is one kind of message of the stream.
type Feed struct {
	Event string        // the name of the message
	Every time.Duration // how often Read is called: a multiple of 50 ms
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

	mu      sync.Mutex // guards what follows
	frames  [kept]frame
	next    uint64            // number of the next frame
	wake    chan struct{}     // closed when there is a next frame
	viewers map[string]int    // by page; "" for those without one
	panels  map[string][]byte // by page: all its panels, for a viewer that comes while others look
	watched int               // sum of them
}

// frame is what one beat tells, ready to be sent.
type frame struct {
	all  []byte            // for everybody
	page map[string][]byte // for the viewers of a page, before that
}

func newStream(log *slog.Logger, most int) *stream {
	return &stream{
		log: log, most: most, boot: strings.ToLower(rand.Text()[:8]),
		next: 1, wake: make(chan struct{}), viewers: map[string]int{}, panels: map[string][]byte{},
	}
}

// serve makes a frame every beat until ctx ends.
func (s *stream) serve(ctx context.Context, panels func(page string) (changed, all []byte)) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	silent := 0
	for n := int64(0); ; n++ {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		f := s.make(n, panels)
		if silent++; silent >= int(heartbeat) {
			f.all = append(f.all, ": still here\n"...)
		}
		if s.publish(f) {
			silent = 0
		}
	}
}

// make asks the feeds whose turn it is, and once a second the panels of the
// pages that somebody looks at.
func (s *stream) make(n int64, panels func(page string) (changed, all []byte)) frame {
	var messages []string
	for _, feed := range s.feeds {
		if n%int64(max(1, feed.Every/beat)) != 0 {
			continue
		}
		for _, data := range feed.Read() {
			messages = append(messages, s.message(feed.Event, data))
		}
	}
	f := frame{all: []byte(strings.Join(messages, ""))}
	if n%int64(time.Second/beat) != 0 {
		return f
	}
	for _, page := range s.pages() {
		changed, all := panels(page)
		s.remember(page, all)
		if changed == nil {
			continue
		}
		if f.page == nil {
			f.page = map[string][]byte{}
		}
		f.page[page] = changed
	}
	return f
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
func (s *stream) publish(f frame) bool {
	if len(f.all) == 0 && f.page == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.all = fmt.Appendf(f.all, "id: %s.%d\n\n", s.boot, s.next)
	s.frames[s.next%kept] = f
	s.next++
	close(s.wake)
	s.wake = make(chan struct{})
	return true
}

// after returns the frames that follow number seen, for a viewer of a page, and
// what is closed when there are more. Who is too far behind gets the newest only.
func (s *stream) after(seen uint64, page string, allowed int, into [][]byte) (frames [][]byte, newest uint64, wake <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if behind := s.next - 1 - seen; behind > uint64(allowed) {
		seen = s.next - 2
	}
	for n := seen + 1; n < s.next; n++ {
		f := s.frames[n%kept]
		if text := f.page[page]; text != nil {
			into = append(into, text)
		}
		into = append(into, f.all)
	}
	return into, s.next - 1, s.wake
}

// resume is where a viewer that last saw the frame of that id goes on: after it, if
// it is one of ours and still kept. Any other begins with the oldest: the last
// seconds are what it would have to ask for otherwise. They also fill the kernel's
// buffers for one that never reads, which is noticed only then.
func (s *stream) resume(id string) (seen uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := s.next - 1 - min(s.next-1, kept-1)
	boot, number, _ := strings.Cut(id, ".")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || boot != s.boot || n >= s.next || n < oldest {
		return oldest
	}
	return n
}

// enter counts a viewer in, unless there are too many.
func (s *stream) enter(page string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watched >= s.most {
		return false
	}
	s.watched++
	s.viewers[page]++
	return true
}

func (s *stream) leave(page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched--
	if s.viewers[page]--; s.viewers[page] == 0 {
		delete(s.viewers, page)
		delete(s.panels, page)
	}
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
