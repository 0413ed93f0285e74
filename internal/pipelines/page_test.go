package pipelines_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/pipelines"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/stage"
)

// serve is a server with a board of those pipelines and nothing else.
func serve(t *testing.T, of func() []pipelines.Pipeline) http.Handler {
	t.Helper()
	return handler(t, of, site(t, of))
}

func board(of func() []pipelines.Pipeline) *pipelines.Board {
	return pipelines.New(pipelines.Config{Pipelines: of, Hrefs: func() func(string) string {
		return func(name string) string {
			if strings.HasPrefix(name, "index") || strings.HasPrefix(name, "worker") {
				return "/observer?node=" + name
			}
			return ""
		}
	}})
}

func site(t *testing.T, of func() []pipelines.Pipeline) *live.Site {
	t.Helper()
	b := board(of)
	s, err := live.New(live.Config{Viewers: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(b.Page()); err != nil {
		t.Fatal(err)
	}
	for _, p := range b.Panels() {
		s.Share(p)
	}
	return s
}

func handler(t *testing.T, of func() []pipelines.Pipeline, s *live.Site) http.Handler {
	t.Helper()
	server, err := web.New(web.Config{Routes: append(board(of).Routes(), s.Routes()...)})
	if err != nil {
		t.Fatal(err)
	}
	return server.Handler()
}

func only(m *made) func() []pipelines.Pipeline {
	return func() []pipelines.Pipeline { return []pipelines.Pipeline{{Name: "crawl", Snapshot: m.Snapshot}} }
}

func get(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost"+path, nil))
	if w.Code != 200 {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// text is a page without its markup.
func text(page string) string {
	_, page, _ = strings.Cut(page, "<main")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	return regexp.MustCompile(`\s+`).ReplaceAllString(page, " ")
}

func stations(page string) int { return strings.Count(page, `<div class="station`) }

func TestThePageShowsEveryNodeEdgeAndNumber(t *testing.T) {
	m := crawl()
	o := m.Outlet("parse")
	o.Accepted, o.Done, o.Failed, o.Dropped, o.Delayed, o.Buffer, o.Inboxes, o.Hands, o.RateIn, o.RateOut, o.Pushers = 5000, 3000, 7, 2000, 11, 1234, 30, 5, 80.5, 60, 3
	o.Subscriptions[0].Busy, o.Subscriptions[0].Done, o.Subscriptions[0].Hands = 2, 77, 2
	m.Stages[0].State, m.Stages[0].Err, m.Stages[0].Retry = stage.StateBackOff, "no such host <crawl>", 1500e6
	page := get(t, serve(t, only(m)), "/stage")
	if n := stations(page); n != 10 {
		t.Errorf("%d nodes in the picture", n)
	}
	told := text(page)
	for _, want := range []string{
		"1 pipeline, with 1,280 events in the system.", "4 outlets, 9 stages",
		"parse transform running buffer 1,234 of 1,000 oldest 0 s inboxes 30 in hand 5 delayed 11 wanted 0 pushes that wait 3 in, out 80.5/s, 60/s busy 0 of 4 done 0", "2,000 dropped",
		"index-1 consumer running busy 2 of 2 done 77", "parse/dead-letters outlet open", "pages producer backing off",
		"From parse to index-3: inbox 20", "demand 980",
		"parse open parse 5,000 3,000 7 2,000 11 1,234 30 5 0 0",
		"index-1 parse ahead: 1,000, again at 500 served 1,000 0 2 2 of 1 – 77 0 0", "archive parse when free served",
		"pages producer backing off, again in 1.5 s – 0 no such host &lt;crawl&gt;",
		"Where several stages feed one outlet only their sum is known", "curl http://localhost/api/v1/stages",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, want := range []string{`<a class="name" href="/observer?node=index-1">`, `<a href="/observer?node=index-2">index-2</a>`, `<span class="name">parse</span>`, `href="/stage" aria-current`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page misses %s", want)
		}
	}
	if t.Failed() {
		t.Log(told)
	}
}

func TestWithoutAPipelineThePageSaysSo(t *testing.T) {
	h := serve(t, func() []pipelines.Pipeline { return nil })
	if page := text(get(t, h, "/stage")); strings.Count(page, "No pipeline is there.") != 2 {
		t.Error(page)
	}
	if got := strings.TrimSpace(get(t, h, "/api/v1/stages")); got != `{"pipelines":[]}` {
		t.Error(got)
	}
	empty := text(get(t, serve(t, only(begin())), "/stage"))
	for _, want := range []string{"There is no outlet.", "No stage takes from an outlet.", "There is no stage."} {
		if !strings.Contains(empty, want) {
			t.Errorf("a pipeline without stages does not say %q", want)
		}
	}
}

func TestOfAThousandNodesThePageShowsSomeAndSaysWhich(t *testing.T) {
	m := wide(1000)
	m.Stage("worker-500").State = stage.StateFailed
	m.Stage("worker-500").Err = strings.Repeat("x", 1000)
	page := get(t, serve(t, only(m)), "/stage")
	if n := stations(page); n != 11 {
		t.Errorf("%d nodes in the picture", n)
	}
	told := text(page)
	for _, want := range []string{
		"and 991 more", "1 failed", "Drawn together: worker-10, worker-11, worker-12, worker-13, worker-14 and 986 more; /api/v1/stages has each of them.",
		"From jobs to and 991 more: inbox 499,464", "941 more are in /api/v1/stages", "worker-500 consumer failed 1 of 1 " + strings.Repeat("x", 200) + "…",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if rows := strings.Count(page, "<tr>"); rows > 200 {
		t.Errorf("%d rows", rows)
	}
	if len(page) > 300_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

func TestSeveralPipelinesHaveElementsOfTheirOwn(t *testing.T) {
	page := get(t, serve(t, func() (all []pipelines.Pipeline) {
		for i := range 12 {
			all = append(all, pipelines.Pipeline{Name: fmt.Sprintf("crawl %d", i), Snapshot: crawl().Snapshot})
		}
		return all
	}), "/stage")
	seen := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if seen[id[1]] {
			t.Fatalf("two elements are called %s", id[1])
		}
		seen[id[1]] = true
	}
	if told := text(page); !strings.Contains(told, "12 pipelines, with") || strings.Count(told, "4 outlets, 9 stages; 0 events in the system") != 10 || !strings.Contains(told, "2 more are in /api/v1/stages") {
		t.Error("not ten of twelve pipelines are shown")
	}
}

func TestTheAPIHasAllOfIt(t *testing.T) {
	m := wide(1000)
	var v pipelines.View
	body := get(t, serve(t, only(m)), "/api/v1/stages")
	var loose struct {
		Pipelines []struct {
			Name     string
			Snapshot struct {
				Outlets []struct{ Subscriptions []struct{ Stage string } }
				Stages  []struct{ State string }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &loose); err != nil {
		t.Fatal(err)
	}
	if len(loose.Pipelines) != 1 || loose.Pipelines[0].Name != "crawl" || len(loose.Pipelines[0].Snapshot.Outlets[0].Subscriptions) != 1000 || loose.Pipelines[0].Snapshot.Stages[7].State != "running" {
		t.Errorf("%.300s", body)
	}
	if v = board(only(m)).View(); len(v.Pipelines[0].Snapshot.Stages) != 1001 {
		t.Error("the view is cut")
	}
	if doc := get(t, serve(t, only(m)), "/openapi.json"); !strings.Contains(doc, `"/api/v1/stages"`) || !strings.Contains(doc, `"oldest_ns":{"type":"integer"}`) {
		t.Error("the document does not describe it")
	}
}
