package live

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/affluxlab/afflux/internal/web"
)

// readTime is how long a viewer may take for what is sent at a time, which is no more
// than a batch, once the kernel keeps no more for it; up to a second less, since the
// deadline is not renewed for each frame. A variable so that tests need not wait for
// it.
var readTime = 4 * time.Second

// serveStream is GET /api/v1/stream. It returns when the viewer has gone, or does
// not read, or the lab stops.
func (s *Site) serveStream(w http.ResponseWriter, r *http.Request) {
	page, eager := r.URL.Query().Get("page"), true
	if page != "" {
		shown := s.pageAt(page)
		if shown == nil {
			web.Fail(w, r, web.Problem{Status: http.StatusNotFound, Detail: "page: there is no page " + strconv.Quote(page)})
			return
		}
		eager = !shown.Calm
	}
	if !s.stream.enter(page, eager) {
		w.Header().Set("Retry-After", "5")
		web.Fail(w, r, web.Problem{Status: http.StatusServiceUnavailable, Detail: "too many viewers: server.viewers is " + strconv.Itoa(s.stream.most)})
		return
	}
	defer s.stream.leave(page, eager)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy would collect frames otherwise
	// No chunks: a stream ends with its connection. Their heads cost as much as
	// finding what to send.
	h.Set("Transfer-Encoding", "identity")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	v := viewer{stream: s.stream, place: s.stream.enterAt(r.Header.Get("Last-Event-ID"), page), w: w, control: http.NewResponseController(w)}
	v.run(r.Context())
}

// pageAt is the page that is served at a path, perhaps one of many at its pattern;
// nil: there is none.
func (s *Site) pageAt(path string) *page {
	_, matched := s.finder.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Host: "localhost"})
	for _, p := range s.order {
		if pattern(p.Path) == matched {
			return p
		}
	}
	return nil
}

// ready is a wake-up that has come already.
var ready = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

// viewer is one reader of the stream.
type viewer struct {
	stream   *stream
	place    place
	w        http.ResponseWriter
	control  *http.ResponseController
	deadline time.Time // in force
	frames   [][]byte  // kept between sends, to be filled again
}

func (v *viewer) run(ctx context.Context) {
	if v.send([]byte("retry: 2000\n\n"), v.stream.present(v.place.page)) != nil {
		return
	}
	over := ctx.Done()
	for {
		frames, lost, wake := v.stream.after(&v.place, v.frames[:0])
		if lost && v.send([]byte("event: lost\ndata: {}\n\n"), v.stream.present(v.place.page)) != nil {
			return
		}
		err := v.send(frames...)
		clear(frames) // or a viewer would hold what was sent when it came
		v.frames = frames
		if err != nil {
			return
		}
		if wake == nil {
			wake = ready
		}
		select {
		case <-wake:
		case <-over:
			if errors.Is(context.Cause(ctx), web.ErrStopping) {
				_ = v.send([]byte("event: bye\ndata: {}\n\n")) // it is leaving anyway
			}
			return
		}
	}
}

// send writes pieces under a deadline: a viewer that does not read is gone when
// its share of the kernel's memory is full and that time has passed.
func (v *viewer) send(pieces ...[]byte) error {
	if len(pieces) == 0 {
		return nil
	}
	if err := v.hurry(time.Now()); err != nil {
		return err
	}
	for _, p := range pieces {
		if len(p) == 0 {
			continue
		}
		if _, err := v.w.Write(p); err != nil {
			return err
		}
	}
	return v.control.Flush()
}

// hurry renews the deadline about once a second: for each of twenty thousand
// frames a second it would cost as much as building them.
func (v *viewer) hurry(now time.Time) error {
	if v.deadline.Sub(now) > readTime-time.Second {
		return nil
	}
	v.deadline = now.Add(readTime)
	err := v.control.SetWriteDeadline(v.deadline)
	if errors.Is(err, http.ErrNotSupported) { // a writer in a test has no slow reader either
		return nil
	}
	return err
}

func (s *Site) streamDoc() web.Doc {
	return web.Doc{
		Summary: "What happens, as server-sent events",
		Description: "Twenty times a second; four times for a page that has nothing faster to show. " +
			"sample: every 20 ms point since the last, as {t: [unix ms], name: [number]}, a series that does not change as one number. " +
			"event: completed pieces of work, at most 1,000 a second, each with the weight of those it stands for. " +
			"mark: a setting changed, a reset, a crash, a restart, load that began or ended. " +
			"values and panel: what a page shows. bye: the lab stops. " +
			"Last-Event-ID goes on where a connection broke off, up to 12 s ago.",
		Query: []web.Parameter{{Name: "page", Description: "also tell what changes on that page, such as /part1"}},
		Fails: []int{404, 503},
	}
}
