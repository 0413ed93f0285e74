package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/web"
)

// message is one event of the stream.
type message struct{ Event, Data, ID string }

// reader is a viewer's end of the stream. While stuck it takes nothing.
type reader struct {
	header http.Header
	code   int
	mu     sync.Mutex // guards text
	text   strings.Builder
	stuck  atomic.Pointer[chan struct{}] // taken once: the next write waits until it is closed
}

func (r *reader) Header() http.Header  { return r.header }
func (r *reader) WriteHeader(code int) { r.code = code }
func (r *reader) Flush()               {}
func (r *reader) Write(p []byte) (int, error) {
	if stuck := r.stuck.Swap(nil); stuck != nil {
		<-*stuck
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// messages are those read so far. An id stands before the first of a frame.
func (r *reader) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []message
	for block := range strings.SplitSeq(r.text.String(), "\n\n") {
		var m message
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "event":
				m.Event = value
			case "data":
				m.Data = value
			case "id":
				m.ID = value
			}
		}
		if m.Event != "" {
			all = append(all, m)
		}
	}
	return all
}

// data are the contents of the messages of one event.
func (r *reader) data(event string) []string {
	var all []string
	for _, m := range r.messages() {
		if m.Event == event {
			all = append(all, m.Data)
		}
	}
	return all
}

// watch opens the stream; the returned function ends it and waits.
func watch(site *live.Site, target string, headers ...string) (*reader, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	r := httptest.NewRequestWithContext(ctx, "GET", target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := &reader{header: http.Header{}, code: 200}
	done := make(chan struct{})
	go func() {
		defer close(done)
		stream(site)(w, r)
	}()
	return w, func(cause error) { cancel(cause); <-done }
}

func stream(site *live.Site) http.HandlerFunc {
	routes := site.Routes()
	return routes[slices.IndexFunc(routes, func(r web.Route) bool { return r.Path == "/api/v1/stream" })].Handler
}

// beats is a feed that tells 1, 2, 3 ..., twenty times a second, and counts how
// often it was encoded.
type beats struct{ n, encoded atomic.Int64 }

func (b *beats) feed() live.Feed {
	return live.Feed{Event: "beat", Every: 50 * time.Millisecond, Read: func() []any { return []any{beat{b, b.n.Add(1)}} }}
}

type beat struct {
	of *beats
	n  int64
}

func (b beat) AppendJSON(text []byte) []byte {
	b.of.encoded.Add(1)
	return strconv.AppendInt(text, b.n, 10)
}

// streaming runs a site's stream with a feed of beats in a bubble of virtual time.
func streaming(t *testing.T, cfg live.Config, f func(site *live.Site, b *beats), prepare ...func(*live.Site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if cfg.Viewers == 0 {
			cfg.Viewers = 100
		}
		site, err := live.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		b := &beats{}
		site.Tell(b.feed())
		for _, path := range []string{"/a", "/b"} {
			if err := site.Add(live.Page{Path: path, Files: one(`{{define "page"}}x{{end}}`)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range prepare {
			p(site)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- site.Serve(ctx) }()
		f(site, b)
		stop()
		if err := <-done; err != context.Canceled {
			t.Errorf("the stream ended with %v", err)
		}
	})
}

func upTo(from, to int) (all []string) {
	for n := from; n <= to; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestAFrameIsEncodedOnceForAllViewers(t *testing.T) {
	streaming(t, live.Config{}, func(site *live.Site, b *beats) {
		var viewers []*reader
		for range 50 {
			w, end := watch(site, "/api/v1/stream")
			defer end(nil)
			viewers = append(viewers, w)
		}
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		for _, w := range viewers {
			same(t, "beats", w.data("beat"), upTo(1, 20))
		}
		if n := b.encoded.Load(); n != 20 {
			t.Errorf("encoded %d times for 20 beats", n)
		}
		if w := viewers[0]; w.header.Get("Content-Type") != "text/event-stream" || w.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", w.header)
		}
	})
}

func TestWhoComesBackGoesOnWhereItBrokeOff(t *testing.T) {
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		first, end := watch(site, "/api/v1/stream")
		time.Sleep(501 * time.Millisecond)
		synctest.Wait()
		end(nil)
		seen := first.messages()
		last := seen[len(seen)-1]
		time.Sleep(5 * time.Second)
		again, end := watch(site, "/api/v1/stream", "Last-Event-ID: "+last.ID)
		defer end(nil)
		synctest.Wait()
		same(t, "resumed", again.data("beat"), upTo(11, 110))
	})
}

func TestWhoWasAwayTooLongOrKnowsAnotherServerGetsWhatIsKept(t *testing.T) {
	streaming(t, live.Config{}, func(site *live.Site, b *beats) {
		first, end := watch(site, "/api/v1/stream")
		time.Sleep(51 * time.Millisecond)
		synctest.Wait()
		end(nil)
		id := first.messages()[0].ID
		time.Sleep(time.Minute)
		for _, header := range []string{"Last-Event-ID: " + id, "Last-Event-ID: other.1201", "Last-Event-ID: nonsense", "Accept: */*"} {
			w, end := watch(site, "/api/v1/stream", header)
			synctest.Wait()
			end(nil)
			got := w.data("beat")
			if newest := strconv.FormatInt(b.n.Load(), 10); len(got) < 200 || got[len(got)-1] != newest {
				t.Errorf("%s: %d beats, to %s", header, len(got), got[len(got)-1])
			}
		}
	})
}

func TestFramesAreFewerWhereNothingMoves(t *testing.T) {
	prepare := func(site *live.Site) {
		if err := site.Add(live.Page{Path: "/calm", Files: one(`{{define "page"}}x{{end}}`), Calm: true}); err != nil {
			t.Fatal(err)
		}
	}
	streaming(t, live.Config{}, func(site *live.Site, b *beats) {
		within := func(d time.Duration) int64 {
			synctest.Wait()
			before := b.n.Load()
			time.Sleep(d)
			synctest.Wait()
			return b.n.Load() - before
		}
		_, endCalm := watch(site, "/api/v1/stream?page=/calm")
		time.Sleep(16*time.Second + time.Millisecond)
		if n := within(10 * time.Second); n != 40 {
			t.Errorf("%d frames in 10 s of a calm page, want 40", n)
		}
		_, end := watch(site, "/api/v1/stream?page=/a")
		time.Sleep(250 * time.Millisecond)
		if n := within(10 * time.Second); n != 200 {
			t.Errorf("%d frames in 10 s with a page that moves beside it, want 200", n)
		}
		end(nil)
		if n := within(10 * time.Second); n != 200 {
			t.Errorf("%d frames in 10 s after it went, want 200: it may come back", n)
		}
		time.Sleep(6 * time.Second)
		endCalm(nil)
		if n := within(10 * time.Second); n != 40 {
			t.Errorf("%d frames in 10 s with nobody, want 40", n)
		}
	}, prepare)
}

func TestASlowViewerLosesFramesAndHoldsNobodyUp(t *testing.T) {
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		slow, endSlow := watch(site, "/api/v1/stream")
		fast, endFast := watch(site, "/api/v1/stream")
		defer endSlow(nil)
		defer endFast(nil)
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		stuck := make(chan struct{})
		slow.stuck.Store(&stuck)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		same(t, "the fast one", fast.data("beat"), upTo(1, 220))
		close(stuck)
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		got := slow.data("beat")
		if len(got) > 30 || got[len(got)-1] != "222" {
			t.Errorf("the slow one got %v", got)
		}
	})
}

func TestTooManyViewersAreToldToComeLater(t *testing.T) {
	streaming(t, live.Config{Viewers: 2}, func(site *live.Site, _ *beats) {
		_, end1 := watch(site, "/api/v1/stream")
		_, end2 := watch(site, "/api/v1/stream?page=/a")
		synctest.Wait()
		if n := site.Viewers(); n != 2 {
			t.Errorf("%d viewers", n)
		}
		third, end3 := watch(site, "/api/v1/stream")
		end3(nil)
		if third.code != 503 || third.header.Get("Retry-After") == "" || !strings.Contains(third.text.String(), "server.viewers is 2") {
			t.Errorf("%d %v %s", third.code, third.header, third.text.String())
		}
		end1(nil)
		fourth, end4 := watch(site, "/api/v1/stream")
		synctest.Wait()
		end4(nil)
		end2(nil)
		if fourth.code != 200 || site.Viewers() != 0 {
			t.Errorf("%d, %d viewers left", fourth.code, site.Viewers())
		}
	})
}

func TestAStopIsToldToThoseWhoWatch(t *testing.T) {
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		w, end := watch(site, "/api/v1/stream")
		time.Sleep(time.Second)
		end(web.ErrStopping)
		if got := w.messages(); got[len(got)-1].Event != "bye" {
			t.Errorf("the last words: %v", got[len(got)-1])
		}
		gone, end := watch(site, "/api/v1/stream")
		time.Sleep(time.Second)
		end(nil)
		if len(gone.data("bye")) > 0 {
			t.Error("one that left by itself was told goodbye")
		}
	})
}

func TestAnUnknownPageIsNotFoundAndAHeadEndsAtOnce(t *testing.T) {
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		w, end := watch(site, "/api/v1/stream?page=/nowhere")
		end(nil)
		if w.code != 404 {
			t.Errorf("answered %d", w.code)
		}
		head := httptest.NewRecorder()
		stream(site)(head, httptest.NewRequest("HEAD", "/api/v1/stream", nil))
		if head.Code != 200 || head.Body.Len() > 0 {
			t.Errorf("HEAD: %d %q", head.Code, head.Body)
		}
	})
}

func TestASilentStreamBeatsItsHeartEvery15Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site, err := live.New(live.Config{Viewers: 1})
		if err != nil {
			t.Fatal(err)
		}
		site.Tell(live.Feed{Event: "never", Every: time.Hour, Read: func() []any { return nil }})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); site.Serve(ctx) }()
		// Nobody else's values are told: the only feed with something to say is silent.
		w, end := watch(site, "/api/v1/stream")
		time.Sleep(46 * time.Second)
		synctest.Wait()
		end(nil)
		stop()
		<-done
		if n := strings.Count(w.text.String(), ": still here"); n != 3 {
			t.Errorf("%d heartbeats in 46 s:\n%s", n, w.text.String())
		}
	})
}

func TestValuesAreToldFourTimesASecondAndStandOnThePage(t *testing.T) {
	var n atomic.Int64
	prepare := func(site *live.Site) {
		site.Watch(live.Values{Name: "x", Read: func(put func(string, live.Value)) {
			put("n", live.Count(uint64(n.Load())))
			put("third", live.Number(1.0/3))
		}})
		err := site.Add(live.Page{Path: "/c", Files: one(`{{define "page"}}{{template "number" dict "label" "N" "live" "x.n"}}{{template "row" dict "label" "N" "live" "x.n"}}{{end}}`)})
		if err != nil {
			t.Fatal(err)
		}
	}
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		n.Store(3000)
		m := http.NewServeMux()
		for _, r := range site.Routes() {
			m.HandleFunc(r.Method+" "+r.Path, r.Handler)
		}
		if body := get(t, m, "/c").Body.String(); strings.Count(body, `data-live="x.n">3,000</span>`) != 2 {
			t.Errorf("the page says %s", body)
		}
		w, end := watch(site, "/api/v1/stream")
		defer end(nil)
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		told := w.data("values")
		var values map[string]any
		if err := json.Unmarshal([]byte(told[0]), &values); err != nil || len(told) < 4 || len(told) > 5 {
			t.Fatalf("%d times, %v", len(told), err)
		}
		if values["x.n"] != "3,000" || fmt.Sprint(values["x.third"]) != "[0.333 0.333333]" {
			t.Errorf("%v", values)
		}
		// Then what has changed, and within a second all again.
		n.Store(7)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		all, one := 0, 0
		for _, text := range w.data("values")[len(told):] {
			switch text {
			case `{"x.n":"7","x.third":["0.333","0.333333"]}`:
				all++
			case `{"x.n":"7"}`:
				one++
			case `{}`:
			default:
				t.Errorf("told %s", text)
			}
		}
		if all != 2 || one > 1 {
			t.Errorf("all were told %d times, the change %d times", all, one)
		}
	}, prepare)
}

func TestAPageThatShowsAValueNobodyKeepsIsAnError(t *testing.T) {
	for _, name := range []string{"nobody.n", "x.nothing", "x"} {
		site, d := newDemo(t)
		site.Watch(live.Values{Name: "x", Read: func(func(string, live.Value)) {}})
		if err := site.Add(live.Page{Path: "/c", Files: one(`{{define "page"}}{{template "number" dict "label" "N" "live" "` + name + `"}}{{end}}`)}); err != nil {
			t.Fatal(err)
		}
		if w := get(t, mux(site, d), "/c"); w.Code != 500 {
			t.Errorf("%s: answered %d", name, w.Code)
		}
	}
}

func TestAPanelIsDrawnOnceForAllAndSentWhenItHasChanged(t *testing.T) {
	var n, drawn atomic.Int64
	prepare := func(site *live.Site) {
		site.Share(live.SharedPanel{Page: "/a", Name: "a/n", Panel: live.Panel{
			Files: one(`{{define "n-panel"}}<b>{{.}}</b>{{end}}`), Template: "n-panel",
			Data: func(*http.Request) any { drawn.Add(1); return n.Load() },
		}})
	}
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		time.Sleep(5 * time.Second)
		if drawn.Load() > 0 {
			t.Error("drawn for nobody")
		}
		a1, end1 := watch(site, "/api/v1/stream?page=/a")
		a2, end2 := watch(site, "/api/v1/stream?page=/a")
		b, endB := watch(site, "/api/v1/stream?page=/b")
		time.Sleep(3 * time.Second)
		n.Store(1)
		time.Sleep(3 * time.Second)
		late, endLate := watch(site, "/api/v1/stream?page=/a")
		synctest.Wait()
		want := []string{`{"a/n":"<b>0</b>"}`, `{"a/n":"<b>1</b>"}`}
		same(t, "one viewer", a1.data("panel"), want)
		same(t, "another", a2.data("panel"), want)
		same(t, "another page", b.data("panel"), nil)
		if got := late.data("panel"); len(got) == 0 || got[len(got)-1] != want[1] {
			t.Errorf("who came late got %v", got)
		}
		if n := drawn.Load(); n > 7 {
			t.Errorf("drawn %d times in 6 s", n)
		}
		for _, end := range []context.CancelCauseFunc{end1, end2, endB, endLate} {
			end(nil)
		}
	}, prepare)
}

func TestWhoLostSomethingIsToldAndGetsThePanelsAnew(t *testing.T) {
	var n atomic.Int64
	prepare := func(site *live.Site) {
		site.Share(live.SharedPanel{Page: "/a", Name: "a/n", Panel: live.Panel{
			Files: one(`{{define "n-panel"}}{{.}}{{end}}`), Template: "n-panel", Data: func(*http.Request) any { return n.Load() },
		}})
	}
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		w, end := watch(site, "/api/v1/stream?page=/a")
		defer end(nil)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		stuck := make(chan struct{})
		w.stuck.Store(&stuck)
		time.Sleep(time.Second)
		n.Store(1) // changes once, while nothing is taken
		time.Sleep(5 * time.Second)
		close(stuck)
		synctest.Wait()
		panels := w.data("panel")
		if len(w.data("lost")) != 1 || panels[len(panels)-1] != `{"a/n":"1"}` {
			t.Errorf("told of %d losses, the last panel is %s", len(w.data("lost")), panels[len(panels)-1])
		}
	}, prepare)
}

func TestAPanelThatChangedBackWhileNobodyLookedIsSentToTheNext(t *testing.T) {
	var n atomic.Int64
	prepare := func(site *live.Site) {
		site.Share(live.SharedPanel{Page: "/a", Name: "a/n", Panel: live.Panel{
			Files: one(`{{define "n-panel"}}{{.}}{{end}}`), Template: "n-panel", Data: func(*http.Request) any { return n.Load() },
		}})
	}
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		_, end := watch(site, "/api/v1/stream?page=/a")
		time.Sleep(2 * time.Second)
		end(nil)
		// The next viewer's page is drawn now, with a 1; then it is a 0 again, as the
		// first one was told.
		time.Sleep(10 * time.Second)
		next, end := watch(site, "/api/v1/stream?page=/a")
		defer end(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		same(t, "the next viewer", next.data("panel"), []string{`{"a/n":"0"}`})
	}, prepare)
}

func TestAPanelIsDrawnAgainOnlyFromOtherData(t *testing.T) {
	var n, drawn atomic.Int64
	type data struct{ Numbers []int64 }
	prepare := func(site *live.Site) {
		site.Share(live.SharedPanel{Page: "/a", Name: "a/n", Panel: live.Panel{
			Files: one(`{{define "n-panel"}}{{range .Numbers}}{{count}}{{.}}{{end}}{{end}}`), Template: "n-panel",
			Data: func(*http.Request) any { return data{[]int64{n.Load()}} },
		}})
	}
	funcs := template.FuncMap{"count": func() string { drawn.Add(1); return "" }}
	streaming(t, live.Config{Funcs: funcs}, func(site *live.Site, _ *beats) {
		w, end := watch(site, "/api/v1/stream?page=/a")
		defer end(nil)
		time.Sleep(5 * time.Second)
		n.Store(1)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		same(t, "panels", w.data("panel"), []string{`{"a/n":"0"}`, `{"a/n":"1"}`})
		if drawn.Load() != 2 {
			t.Errorf("drawn %d times in 10 s, want twice", drawn.Load())
		}
	}, prepare)
}

func TestWhoComesIsNotToldValuesOfThePast(t *testing.T) {
	prepare := func(site *live.Site) {
		site.Watch(live.Values{Name: "x", Read: func(put func(string, live.Value)) { put("n", live.Value{Text: time.Now().Format("05.000")}) }})
	}
	streaming(t, live.Config{}, func(site *live.Site, _ *beats) {
		_, end := watch(site, "/api/v1/stream")
		defer end(nil)
		time.Sleep(10 * time.Second)
		late, endLate := watch(site, "/api/v1/stream")
		defer endLate(nil)
		synctest.Wait()
		if told := late.data("values"); len(late.data("beat")) < 190 || len(told) > 1 {
			t.Errorf("%d beats, %d values: %v", len(late.data("beat")), len(told), told)
		}
	}, prepare)
}
